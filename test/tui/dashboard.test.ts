import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { keys, openTerminal, type TerminalOptions, type TerminalProgram } from '../support/terminal.ts';
import { untilSame } from '../support/until-same.ts';

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-dashboard-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const support = join(import.meta.dirname, '../support');
const node = [
  process.execPath,
  '--disable-warning=ExperimentalWarning',
  '--import',
  join(support, 'tsx-loader.ts'),
];

/** The real dashboard on an engine in memory, in a terminal. */
function dashboard(options: TerminalOptions = {}): TerminalProgram {
  const env = { NODE_ENV: 'production', XDG_STATE_HOME: folder, FAKE_LOG_MS: '0', ...options.env };
  return openTerminal([...node, join(support, 'dashboard-on-fake.ts')], { ...options, env });
}

/** The shell's screen as it was: the main one, with a cursor, and keys that are lines again. */
function assertRestored(terminal: TerminalProgram): void {
  assert.equal(terminal.emulator.buffer.active.type, 'normal');
  assert.equal(terminal.emulator.modes.bracketedPasteMode, false);
}

test('the dashboard shows containers against the VM, does what keys say, and leaves the terminal as it was', async () => {
  await using terminal = dashboard();
  await terminal.see(/WASTED .* of 8 cores/);
  await terminal.see(/● api +shop\/api:2.4/);
  terminal.type('/');
  terminal.type('gateway');
  await terminal.see(/\/gateway 1/);
  terminal.type(keys.enter);
  terminal.type('s');
  await terminal.see(/gateway .*exit 143/);
  terminal.type('s');
  await terminal.see(/● gateway .*healthy/);
  terminal.type('d');
  await terminal.see(/Remove "gateway"\?/);
  terminal.type('y');
  await terminal.see(/"gateway" is running.*stop it first/);
  terminal.type(keys.escape);
  terminal.type('Dy');
  await terminal.see(/Nothing matches the filter/);
  terminal.type(keys.ctrlC);
  assert.equal((await terminal.exit()).exitCode, 0);
  assertRestored(terminal);
});

test('a build by keys shows its steps, and the image is there to run', async () => {
  await using terminal = dashboard({ env: { FAKE_CONTAINERS: '2' } });
  await terminal.see(/● api/);
  terminal.type('b');
  await terminal.see(/build a Dockerfile/);
  for (const text of [keys.ctrlU, '/srv/app', keys.tab, keys.tab, 'shop/new:1', keys.enter])
    terminal.type(text);
  await terminal.see(/✓ built .* as shop\/new:1/);
  await terminal.see(/≡ \[base 1\/2\] FROM localhost\/debian:bookworm +\S+ +cached/);
  terminal.type('2');
  await terminal.see(/shop\/new:1 +\d/);
  terminal.type('/');
  terminal.type('shop/new');
  terminal.type(keys.enter);
  terminal.type(keys.enter);
  await terminal.see(/run an image/);
  for (const text of [keys.tab, 'fresh', keys.enter]) terminal.type(text);
  await terminal.see(/● fresh +shop\/new:1/);
});

test('what was entered in a form is there the next time', async () => {
  await using terminal = dashboard({ env: { XDG_STATE_HOME: join(folder, 'memory') } });
  await terminal.see(/● api/);
  terminal.type('b');
  await terminal.see(/build a Dockerfile/);
  for (const text of [keys.ctrlU, '/missing/app', keys.enter]) terminal.type(text);
  await terminal.see(/"\/missing\/app" does not exist.*name a folder/);
  terminal.type(keys.ctrlC);
  await terminal.exit();
  await using again = dashboard({ env: { XDG_STATE_HOME: join(folder, 'memory') } });
  await again.see(/● api/);
  again.type('b');
  await again.see(/\/missing\/app/);
});

test('alerts go by the rules of the configuration file; a wrong one is said with its line, and the rest goes on', async () => {
  const config = join(folder, 'config.json');
  const env = { PLIMSOLL_CONFIG: config, XDG_STATE_HOME: join(folder, 'bell') };
  writeFileSync(config, '{"alerts": {"rules": ["machine.cpu > 0%"], "quiet_after_start": "0s"}}');
  await using terminal = dashboard({ env });
  await terminal.see(/1 alert, ! tells/);
  terminal.type(':bell');
  terminal.type(keys.enter);
  await terminal.see(/The bell is silent/);
  terminal.type(keys.ctrlC);
  await terminal.exit();
  writeFileSync(config, '{"alerts": {"rules": [\n"machine.cpu is high"]}}');
  await using again = dashboard({ env });
  await again.see(/line 2 is not right: "machine.cpu is high" is no/);
  await again.see(/● api/);
  again.type('!');
  await again.see(/the bell is off/);
});

test('ctrl-s saves the logs, and the list, into the folder that the dashboard was started in', async () => {
  await using terminal = dashboard({ cwd: folder, columns: 160 });
  await terminal.see(/● api/);
  terminal.type('l');
  await terminal.see(/request|GET|info/);
  terminal.type('\x13');
  await terminal.see(/✓ Saved \d+ lines of "api" to \S*\/api\.log/);
  assert.ok(readFileSync(join(folder, 'api.log'), 'utf8').split('\n').length > 100);
  terminal.type(keys.tab);
  terminal.type('\x13');
  await terminal.see(/✓ Saved 12 rows to \S*\/containers\.csv/);
  assert.match(readFileSync(join(folder, 'containers.csv'), 'utf8'), /^Name,.*\r\napi,/m);
});

test('S shows the logs of a while alone, and says so', async () => {
  await using terminal = dashboard();
  await terminal.see(/● api/);
  terminal.type('l');
  await terminal.see(/following/);
  terminal.type('S');
  await terminal.see(/the last 1m +1/);
  terminal.type('1');
  await terminal.see(/last 1m {2}following/);
});

test('every key of a burst counts', async () => {
  await using terminal = dashboard();
  await terminal.see(/● api/);
  terminal.type('jjjj');
  await terminal.see(/─ redis {2}logs/);
});

test('a window that was another only for a moment is drawn anew', async () => {
  await using terminal = dashboard();
  await terminal.see(/● api/);
  process.kill(terminal.pid, 'SIGSTOP'); // as a busy machine would do
  terminal.resize(40, 10);
  await sleep(200);
  terminal.resize(120, 40);
  await sleep(200);
  process.kill(terminal.pid, 'SIGCONT');
  await terminal.see(/WASTED/);
  await terminal.see(/\? help/);
});

test('after a storm of sizes the picture is right, down to the smallest', async () => {
  await using terminal = dashboard();
  await terminal.see(/● api/);
  for (let i = 0; i < 40; i++) {
    terminal.resize(30 + ((i * 37) % 150), 6 + ((i * 13) % 50));
    await sleep(8);
  }
  for (const [columns, rows] of [
    [120, 40],
    [80, 24],
    [40, 10],
  ] as const) {
    terminal.resize(columns, rows);
    await terminal.see(columns === 40 ? /CPU .*\/8 cores/ : /cores.*wasted|WASTED/);
    await terminal.see(/● api/);
    const lines = terminal.lines();
    assert.equal(lines.length, rows);
    for (const line of lines) assert.ok(line.length <= columns, line);
    assert.equal(lines.filter(line => line.includes('1 containers')).length, 1, terminal.text());
    assert.match(lines.at(-1) ?? '', /\? help/);
  }
});

for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const)
  test(`${signal} ends the dashboard and restores the terminal`, async () => {
    await using terminal = dashboard();
    await terminal.see(/● api/);
    terminal.kill(signal);
    await terminal.exit();
    assertRestored(terminal);
  });

test('ctrl-z gives the terminal back to the shell, and fg the dashboard', async () => {
  const command = [...node, join(support, 'dashboard-on-fake.ts')].map(word => `'${word}'`).join(' ');
  await using terminal = openTerminal(['bash', '--norc', '--noediting', '-i'], {
    env: { PS1: 'prompt> ', NODE_ENV: 'production', XDG_STATE_HOME: folder, FAKE_LOG_MS: '0' },
  });
  await terminal.see(/prompt> /);
  terminal.type(`${command}${keys.enter}`);
  await terminal.see(/● api/);
  terminal.type('\u001a');
  await terminal.see(/Stopped[\s\S]*prompt> /);
  assertRestored(terminal);
  terminal.type(`fg${keys.enter}`);
  await terminal.see(/WASTED[\s\S]*● api/);
  terminal.type('j');
  await terminal.see(/─ api-2 {2}logs/);
  terminal.type(keys.ctrlC);
  await terminal.see(/fg\s[\s\S]*prompt>\s*$/);
});

test('a terminal that cannot be drawn on is refused in a sentence', async () => {
  await using terminal = dashboard({ env: { TERM: 'dumb' } });
  await terminal.see(/cannot draw on a terminal of type "dumb"/);
  assert.notEqual((await terminal.exit()).exitCode, 0);
  assertRestored(terminal);
});

test('a screen on which nothing changes costs no byte', async () => {
  await using terminal = dashboard({ env: { FAKE_FROZEN: '1', FAKE_NOW: '1782043200000' } });
  await terminal.see(/● api/);
  await untilSame(terminal.bytesWritten, 1200);
});

test('an engine that cannot be opened is said in a sentence, and the dashboard stays', async () => {
  await using terminal = dashboard({ env: { FAKE_FAILS: '1' } });
  await terminal.see(/there is no OCI runtime.*run plimsoll doctor/);
  terminal.type('?');
  await terminal.see(/Everywhere/);
  terminal.type('qqq');
  assert.equal((await terminal.exit()).exitCode, 0);
  assertRestored(terminal);
});

for (const [moment, milliseconds] of [
  ['while it is loaded', 0],
  ['on the screen', 2500],
] as const)
  test(`a bug ${moment} ends the dashboard with a sentence, not with a broken terminal`, async () => {
    await using terminal = dashboard({ env: { FAKE_BUG: `${milliseconds}` } });
    assert.equal((await terminal.exit(20_000)).exitCode, 1);
    assertRestored(terminal);
    assert.match(terminal.text(), /plimsoll: the dashboard stopped: a bug/);
  });
