import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openTerminal } from '../support/terminal.ts';

const wayIn = resolve(import.meta.dirname, '../../bin/start');

test('bin/start opens the dashboard as it is for root', async t => {
  const screen = await started(t, { uid: 0, sudo: 'exit 1' });
  assert.match(screen, /^opened with colours truecolor and root \/srv\/hold$/m);
  assert.doesNotMatch(screen, /sudo/);
});

test('bin/start opens the dashboard through sudo for others, with what sudo would have dropped', async t => {
  const screen = await started(t, {
    uid: 1000,
    sudo: 'echo "asked for $1"; exec env -u COLORTERM -u PLIMSOLL_ROOT "$@"',
  });
  assert.match(screen, /opening the dashboard with sudo, as containers and builds need root/);
  assert.match(screen, /asked for true\s+asked for env\s+opened with colours truecolor and root \/srv\/hold/);
});

test('bin/start opens the dashboard without root for those whom sudo refuses', async t => {
  const screen = await started(t, { uid: 1000, sudo: 'echo "no password, no root"; exit 1' });
  assert.match(screen, /no password, no root\s+opened with colours truecolor/);
});

/** What a terminal shows of bin/start, with a plimsoll, an id and a sudo that are scripts. */
async function started(t: TestContext, { uid, sudo }: { uid: number; sudo: string }): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-start-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const script = (name: string, body: string) =>
    writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  cpSync(wayIn, join(folder, 'start'));
  script('plimsoll', 'echo "opened with colours $COLORTERM and root $PLIMSOLL_ROOT"');
  script('id', `echo ${uid}`);
  script('sudo', sudo);
  await using terminal = openTerminal([join(folder, 'start')], {
    env: { PATH: `${folder}:${process.env.PATH}`, PLIMSOLL_ROOT: '/srv/hold' },
  });
  await terminal.exit();
  return terminal.text();
}
