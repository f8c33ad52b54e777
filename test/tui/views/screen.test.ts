import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { renderToString } from 'ink';
import { createElement } from 'react';
import type { BuildProgress } from '../../../src/engine/index.ts';
import { cellWidth } from '../../../src/lib/cell-text.ts';
import { createTheme, type Theme } from '../../../src/tui/components/index.ts';
import { LogStore, type State, selectedRow } from '../../../src/tui/model/index.ts';
import { Screen, shownDetail } from '../../../src/tui/views/index.ts';
import { noon, type Pilot, pilotOn } from '../../support/dashboard-state.ts';
import { golden } from '../../support/golden.ts';
import { workedExample } from '../../support/worked-example.ts';

process.env.TZ = 'UTC';
const colourful = createTheme({ colours: 'truecolor', unicode: true });
const plain = createTheme({ colours: 'none', unicode: true });
const ascii = createTheme({ colours: 'none', unicode: false });

/** What Ink draws for the state, as it stands on the screen. */
function draw(state: State, theme: Theme): string[] {
  return renderToString(createElement(Screen, { state, theme }), { columns: state.size.columns }).split('\n');
}

/** The lines as text alone, without blanks at their ends. */
function picture(lines: readonly string[]): string {
  return `${lines.map(line => stripVTControlCharacters(line).trimEnd()).join('\n')}\n`;
}

function withLogs(pilot: Pilot): Pilot {
  const container = selectedRow(pilot.state)?.id ?? '';
  const store = new LogStore();
  for (let i = 0; i < 40; i++) {
    const time = new Date(noon + i * 1000).toISOString().replace('Z', '000000Z');
    const text = i % 9 === 8 ? `error: upstream ${i} is slow` : `info: request ${i} took ${(i * 7) % 30} ms`;
    store.append({ time, stream: i % 9 === 8 ? 'stderr' : 'stdout', text });
  }
  return pilot.tell({ type: 'logs-opened', container, store });
}

const sizes = [
  [160, 45],
  [120, 40],
  [80, 24],
  [40, 10],
] as const;

for (const [columns, rows] of sizes)
  test(`the overview at ${columns}x${rows} is as it was looked at`, async () => {
    const { pilot } = await pilotOn(columns, rows);
    const lines = draw(withLogs(pilot).state, plain);
    golden(`tui/overview-${columns}x${rows}.txt`, picture(lines));
  });

test('a lost engine elsewhere says for how long it has not answered, whatever its address', async () => {
  for (const [columns, rows] of sizes.filter(([, height]) => height > 10)) {
    const { pilot } = await pilotOn(columns, rows);
    const address = `ssh://root@ship.example.com:2222/${'deep/'.repeat(20)}docker.sock`;
    const lost = { since: pilot.state.now - 9000, reason: 'no sshd listens there' };
    const remote = { product: 'Docker Engine 28.1.1, API 1.49', address, lacks: {}, lost };
    const [first = ''] = draw({ ...pilot.state, remote }, plain);
    assert.match(first, /no answer for 9s {2}\d\d:\d\d:\d\d ?$/, `${columns}: ${first}`);
    if (columns >= 80) assert.match(first, /Docker Engine 28/);
    const [cpu = ''] = draw({ ...pilot.state, remote }, colourful).filter(line => /CPU/.test(line));
    assert.ok(!cpu.includes('38;2;38;166;184'), 'the load line is grey too');
  }
});

test('the worked example: of 25 cores and 25 GiB an app uses 6 and 10, so 19 and 15 are wasted', async () => {
  const { state } = await workedExample(100, 30);
  const lines = draw(state, plain);
  assert.match(stripVTControlCharacters(lines.join('\n')), /WASTED 19\.0 of 25 cores +15\.0 of 25 GiB/);
  golden('tui/worked-example-100x30.txt', picture(lines));
});

test('the overview in ASCII has nothing else', async () => {
  const { pilot } = await pilotOn(80, 24);
  const lines = draw(withLogs(pilot).state, ascii);
  assert.doesNotMatch(stripVTControlCharacters(lines.join('')), /[^\x20-\x7e]/);
  golden('tui/overview-ascii.txt', picture(lines));
});

const views: readonly (readonly [name: string, keys: readonly string[]])[] = [
  ['stats', ['6', 'z']],
  ['images', ['2']],
  ['help', ['?']],
  ['palette', [':', ...'demo']],
  ['build-form', ['b']],
  ['run-form', ['R']],
  ['remove', ['d']],
  ['filter', ['/', ...'web']],
  ['sort', ['o']],
];
for (const [name, keys] of views)
  test(`${name} at 100x30 is as it was looked at`, async () => {
    const { pilot } = await pilotOn(100, 30);
    const lines = draw(withLogs(pilot).press(...keys).state, plain);
    golden(`tui/${name}.txt`, picture(lines));
  });

test('a running build shows its steps, their cache and their output', async () => {
  const { pilot, engine } = await pilotOn(100, 30);
  const output = new LogStore();
  const steps = ['[base 1/1] FROM busybox', '[app 1/2] COPY . /srv', '[app 2/2] RUN make'].map(
    (name, id) => ({
      id,
      name,
      stage: 'app',
      line: id + 1,
      dependsOn: id === 0 ? [] : [id - 1],
    }),
  );
  output.append({ time: '#2', stream: 'stdout', text: 'cc -O2 -o app app.c' });
  const record = {
    id: 'b1',
    started: noon - 4200,
    state: 'running' as const,
    context: '/srv/checkouts/of/many/things/app',
    dockerfile: '/srv/checkouts/of/many/things/app/Dockerfile',
    tags: ['app:1.0'],
    buildArgs: {},
    owner: { pid: 1, startTime: 1 },
  };
  pilot.tell(
    { type: 'build-announced', build: 'b1' },
    { type: 'builds-listed', builds: [record, ...engine.builds.list()] },
    { type: 'build-opened', build: 'b1', output },
    {
      type: 'build-moved',
      build: 'b1',
      now: noon,
      events: [
        { kind: 'planned', time: noon - 4200, build: 'b1', steps },
        { kind: 'step-started', time: noon - 4200, step: 0 },
        { kind: 'step-finished', time: noon - 4100, step: 0, outcome: 'cached' },
        { kind: 'step-started', time: noon - 4000, step: 1 },
        {
          kind: 'step-finished',
          time: noon - 3000,
          step: 1,
          outcome: 'done',
          cacheMiss: 'app.c changed',
          layerBytes: 2_400_000,
        },
        { kind: 'step-started', time: noon - 3000, step: 2 },
      ],
    },
  );
  golden('tui/build.txt', picture(draw(pilot.state, plain)));
});

/** A build of many steps at 80x24, the fourth of which wrote forty lines and has come to this. */
async function longBuild(outcome: 'running' | 'failed'): Promise<Pilot> {
  const { pilot, engine } = await pilotOn(80, 24);
  const output = new LogStore();
  for (let i = 1; i <= 40; i++) output.append({ time: '#4', stream: 'stderr', text: `part ${i}` });
  const steps = Array.from({ length: 16 }, (_, id) => ({
    ...{ id, name: `[app ${id + 1}/16] RUN make part-${id + 1} of-many`, stage: 'app', line: id + 1 },
    dependsOn: id === 0 ? [] : [id - 1],
  }));
  const [step = { id: 0 }] = steps.slice(4);
  const record = {
    ...{ id: 'b1', started: noon - 9000, context: '/srv/app', dockerfile: '/srv/app/Dockerfile' },
    ...{ tags: ['app:1.0'], buildArgs: {}, owner: { pid: 1, startTime: 1 }, state: outcome },
    ...(outcome === 'failed' ? { failedStep: { name: '[app 5/16]', from: 'x' } } : {}),
  };
  const start = noon - 8000;
  const events: BuildProgress[] = [
    { kind: 'planned', time: start, build: 'b1', steps },
    ...steps.slice(0, 4).flatMap(({ id }): BuildProgress[] => [
      { kind: 'step-started', time: start, step: id },
      { kind: 'step-finished', time: start + 100, step: id, outcome: 'done' },
    ]),
    { kind: 'step-started', time: start + 500, step: step.id },
  ];
  if (outcome === 'failed')
    events.push(
      { kind: 'step-finished', time: start + 900, step: step.id, outcome: 'failed' },
      {
        kind: 'finished',
        time: start + 900,
        outcome: 'failed',
        error: 'Dockerfile:5: it ended with exit code 3',
      },
    );
  return pilot.tell(
    { type: 'build-announced', build: 'b1' },
    { type: 'builds-listed', builds: [record as never, ...engine.builds.list()] },
    { type: 'build-opened', build: 'b1', output },
    { type: 'build-moved', build: 'b1', now: noon, events },
  );
}

test('of a long build what runs is seen, with the last that it says; its output is followed', async () => {
  const pilot = await longBuild('running');
  const steps = picture(draw(pilot.state, plain));
  assert.match(steps, /▸ \[app 5\/16\] RUN make part-5 .*\n.* part 38 .*\n.* part 39 .*\n.* part 40 /);
  const log = picture(draw(pilot.press('l').state, plain));
  assert.match(log, /part 40 .*\n╰/);
});

test('of a build that failed the last words of its step are seen, and what to do next', async () => {
  const pilot = await longBuild('failed');
  assert.match(
    picture(draw(pilot.state, plain)),
    /✗ Dockerfile:5: it ended .*\n.*e opens a shell in .* l shows all output/,
  );
  const zoomed = picture(draw(pilot.press('tab', 'z').state, plain));
  assert.match(zoomed, /✗ \[app 5\/16\].* failed .*\n(.* part \d+ .*\n)+.* part 40 /);
});

test('details are scrolled from what is seen, and no further than to their end', async () => {
  const pilot = await longBuild('running');
  const first = () =>
    /(part|No part) ?(\d*)/.exec(picture(draw(pilot.state, plain)).split('steps')[1] ?? '')?.[2];
  const press = (key: string) => {
    const shown = shownDetail(pilot.state, plain);
    pilot.tell({ type: 'key', key, ...(shown === undefined ? {} : { shown }) });
  };
  press('l');
  assert.equal(first(), '33');
  press('j');
  press('j');
  assert.equal(first(), '33');
  press('k');
  assert.equal(first(), '32');
  press('G');
  press('k');
  assert.equal(first(), '32');
  press('j');
  pilot.state.build?.output.append({ time: '#4', stream: 'stdout', text: 'part 41' });
  assert.equal(first(), '34', 'the end is followed again');
  press('g');
  press('k');
  press('j');
  assert.equal(first(), '2');
});

test('every line of every size is exactly as wide as the terminal, also with the oddest names', async () => {
  for (const [columns, rows] of [
    [200, 60],
    [150, 30],
    [101, 29],
    [61, 30],
    [40, 10],
    [30, 6],
    [20, 5],
  ] as const) {
    const { pilot } = await pilotOn(columns, rows);
    const containers = pilot.state.containers.map((one, i) => ({
      ...one,
      name: ['名前が長いコンテナ', '👩‍👩‍👧‍👦 family', 'x'.repeat(90)][i % 3] ?? '',
    }));
    pilot.tell({ type: 'containers-listed', containers });
    for (const keys of [[], ['tab'], ['6'], ['?'], ['R'], [':'], ['2'], ['3'], ['4']]) {
      const { state } = pilot.press(...keys);
      const lines = draw(state, colourful);
      assert.equal(lines.length, rows, `${columns}x${rows} after ${keys}`);
      for (const line of lines)
        assert.ok(cellWidth(line) <= columns, `${columns}x${rows} after ${keys}: ${line}`);
      pilot.press('escape', 'escape', 'escape', 'escape', '1');
    }
  }
});

test('without colours there is not one colour code but reverse video for what is selected', async () => {
  const { pilot } = await pilotOn(120, 40);
  const codes = new Set(
    draw(withLogs(pilot).press('6').state, plain)
      .join('')
      .match(/\u001b\[[\d;]*m/g),
  );
  for (const code of codes) assert.match(code, /^\u001b\[(?:[0179]|2[27])(?:;[017])*m$/);
});

test('the row with the cursor is one piece in 16 colours, and nothing on it is grey in more', () => {
  const spans = [
    ['a', 'faint'],
    ['b', 'good'],
    ['c', 'dim'],
  ] as const;
  const render = (colours: '16' | '256') =>
    createTheme({ colours, unicode: true }).render({ spans, look: 'selected' }, 5);
  assert.equal(render('16'), '\u001b[7mabc  \u001b[0m');
  assert.equal(
    render('256'),
    '\u001b[38;5;255;48;5;24ma\u001b[38;5;71mb\u001b[0;38;5;255;48;5;24mc  \u001b[0m',
  );
});

test('the column that is sorted by has its arrow, also where its title fills it', async () => {
  const { pilot } = await pilotOn(100, 30);
  const head = () => draw(pilot.state, plain).find(line => line.includes('NAME')) ?? '';
  assert.match(head(), / STATUS▲/);
  pilot.press('<', '<', '<', '<');
  assert.match(head(), /▼CPU cores/);
  pilot.press('O');
  assert.match(head(), /▲CPU cores/);
});

test('the help begins with what holds where it was asked for', async () => {
  const { pilot } = await pilotOn(80, 24);
  const firstTitle = () => /│ ([A-Z][a-z ]+\S) +│/.exec(picture(draw(pilot.state, plain)))?.[1];
  pilot.press('c', '?');
  assert.equal(firstTitle(), 'Capacity');
  pilot.press('escape', '1', 'l', '?');
  assert.equal(firstTitle(), 'In the logs');
});

test('what went wrong is told whole, on as many lines as it takes, and what to do next with it', async () => {
  const hint = 'create it first, as the user who shall own it, or name a volume (no slash) instead';
  const text = 'the bind source "/srv/checkouts/many/things" does not exist';
  for (const [columns, rows, lines] of [
    [200, 60, 1],
    [120, 40, 2],
    [80, 24, 3],
    [40, 12, 4],
  ] as const) {
    const { pilot } = await pilotOn(columns, rows);
    pilot.tell({ type: 'noticed', notice: { tone: 'bad', text, hint, time: noon } });
    const drawn = picture(draw(pilot.state, plain)).trimEnd().split('\n');
    assert.equal(drawn.length, rows);
    const told = drawn
      .slice(-lines)
      .map(line => line.trim())
      .join(' ')
      .replace(/ +/g, ' ');
    const all = `✗ ${text} ▸ ${hint}`;
    if (columns > 40) assert.equal(told, all);
    else assert.ok(all.startsWith(told) && told.length > 80, told);
    assert.match(drawn.at(-lines - 1) ?? '', /╯$/);
  }
});

test('every answer can be reached on a small screen', async () => {
  const { pilot } = await pilotOn(40, 12);
  pilot.press('K', ...Array.from({ length: 9 }, () => 'down'));
  assert.match(picture(draw(pilot.state, plain)), /SIGWINCH/);
});

test('the tab that is shown is named where there is no room for all', async () => {
  const { pilot } = await pilotOn(40, 12);
  assert.match(picture(draw(pilot.press('9').state, plain)), /╭─ 5\/5 env {2}api ─/);
});

test('alerts are in the first line, in as many words as there is room for, and in a list of their own', async () => {
  const alert = {
    ...{ time: noon, state: 'firing' as const, rule: 'died', subject: 'db' },
    text: 'db ended with exit code 1',
  };
  const other = { ...alert, subject: 'web', text: 'web ended with exit code 137' };
  for (const [columns, seen] of [
    [160, /▲ web ended with exit code 137 \+1 /],
    [80, /▲ (web ended with exit code 137 \+1|2 alerts, ! tells) /],
    [40, /▲ 2 /],
  ] as const) {
    const { pilot } = await pilotOn(columns, 40);
    pilot.tell({ type: 'alerts-told', alerts: [alert, other] });
    const [first = ''] = picture(draw(pilot.state, plain)).split('\n');
    assert.match(first, seen);
    assert.match(first, /\d\d:\d\d:\d\d/);
  }
  const { pilot } = await pilotOn(120, 40);
  pilot.tell({ type: 'alerts-told', alerts: [alert] });
  pilot.tell({ type: 'alerts-told', alerts: [{ ...alert, state: 'resolved', text: 'db runs again' }] });
  pilot.press('!');
  const list = picture(draw(pilot.state, plain));
  assert.match(list, /Nothing is wrong/);
  assert.match(list, /✓ db runs again +died/);
  assert.match(list, /▲ db ended with exit code 1 +died/);
});

test('figures that stay away are said to be old, and greyed', async () => {
  const { pilot } = await pilotOn(120, 40);
  pilot.tell({ type: 'ticked', now: noon + 12_000 });
  assert.match(draw(pilot.state, plain).join('\n'), /figures are 12s old/);
});

test('an image shows which of its steps ship what never shows, and the files', async () => {
  const { pilot, engine } = await pilotOn(120, 40);
  pilot.press('2');
  const id = selectedRow(pilot.state)?.id ?? '';
  assert.deepEqual(
    pilot.taken().filter(({ type }) => type.startsWith('read-')),
    [
      { type: 'read-image', image: id },
      { type: 'read-waste', image: id },
    ],
  );
  const image = engine.images.inspect(id);
  pilot.tell({ type: 'image-read', image });
  const steps = image.history.map(({ createdBy, sizeBytes }, index) => ({
    ...{ createdBy, sizeBytes, sharedWith: [] },
    hiddenBytes: index === 0 ? 3 * 2 ** 20 : 0,
  }));
  const waste = {
    ...{ id, references: [], sizeBytes: 8 * 2 ** 20, hiddenBytes: 3 * 2 ** 20, uniqueBytes: 2 ** 20, steps },
    machineBytes: 20 * 2 ** 30,
    files: [{ path: '/big', bytes: 3 * 2 ** 20, how: 'deleted', madeBy: 0, hiddenBy: 1 }],
    fileCount: 2,
  } as const;
  pilot.tell({ type: 'waste-read', waste });
  const shown = draw(pilot.state, plain).join('\n');
  assert.match(shown, / 3 MiB never shows /);
  assert.match(shown, / 7 MiB shared with other images, 1 MiB only its own; .* hold 20 GiB/);
  assert.match(shown, / 3 MiB \/big {2}made by step 1, deleted by step 2/);
  assert.match(shown, /and 1 more/);
  pilot.tell({ type: 'resized', size: { columns: 60, rows: 40 } });
  const narrow = picture(draw(pilot.state, plain));
  assert.match(narrow, / only its own; +│\n│ a snapshot of this machine would hold 20 GiB /);
  pilot.tell({ type: 'waste-read', waste: { ...waste, id: 'another' } });
  assert.doesNotMatch(draw(pilot.state, plain).join('\n'), /never shows/);
});
