import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { renderToString } from 'ink';
import { createElement } from 'react';
import type { Engine } from '../../../src/engine/index.ts';
import { createTheme, lineChart } from '../../../src/tui/components/index.ts';
import { outcomeWords, readCapacity } from '../../../src/tui/effects/capacity.ts';
import { selectedRow, visibleRows } from '../../../src/tui/model/index.ts';
import { Screen } from '../../../src/tui/views/index.ts';
import { obey } from '../../support/capacity-of-pilot.ts';
import { noon, type Pilot, pilotOn } from '../../support/dashboard-state.ts';
import { golden } from '../../support/golden.ts';

process.env.TZ = 'UTC';
const plain = createTheme({ colours: 'none', unicode: true });
const ascii = createTheme({ colours: 'none', unicode: false });

async function pressed(size: readonly [number, number], ...keys: string[]) {
  const { pilot, engine } = await pilotOn(...size, { containers: 5, recorded: true });
  for (const key of keys) {
    pilot.press(key);
    await obey(pilot, engine);
  }
  return { pilot, engine };
}

function draw(pilot: Pilot, theme = plain): string {
  const { state } = pilot;
  const text = renderToString(createElement(Screen, { state, theme }), { columns: state.size.columns });
  return `${text
    .split('\n')
    .map(line => stripVTControlCharacters(line).trimEnd())
    .join('\n')}\n`;
}

for (const [name, size, keys] of [
  ['capacity-150x42', [150, 42], ['c']],
  ['capacity-80x24', [80, 24], ['c']],
  ['capacity-why', [120, 40], ['c', 'w']],
  ['capacity-apply', [80, 24], ['c', ' ', ' ', 'a']],
] as const)
  test(`${name} is as it was looked at`, async () => {
    const { pilot } = await pressed(size, ...keys);
    golden(`tui/${name}.txt`, draw(pilot));
  });

test('advised limits are copied for docker, Compose or Kubernetes', async () => {
  const { pilot, engine } = await pressed([120, 40], 'c', ' ', ' ', 'y');
  assert.match(draw(pilot), /Advised limits of "[^"]+", "[^"]+" as:/);
  assert.match(draw(pilot), /Kubernetes resources/);
  pilot.press('enter');
  const [docker] = pilot.taken();
  assert.ok(docker?.type === 'copy');
  assert.match(
    docker.text,
    /^docker update --cpus [\d.]+ --memory \d+m --memory-swap \d+m \S+\ndocker update /,
  );
  for (const [steps, wanted] of [
    [1, /^services:\n {2}\S+:\n/],
    [2, /^# container \S+\nresources:\n/],
  ] as const) {
    pilot.press('y', ...Array.from({ length: steps }, () => 'down'), 'enter');
    await obey(pilot, engine);
    pilot.press('y', ...Array.from({ length: steps }, () => 'down'), 'enter');
    const [copied] = pilot.taken();
    assert.match(copied?.type === 'copy' ? copied.text : '', wanted);
  }
});

test('the pane tells how well the machine is used: a grade, rings and percentiles of what was recorded', async () => {
  const { pilot } = await pressed([120, 40], 'c');
  const text = draw(pilot);
  assert.match(text, /grade [A-F] {2}last /);
  assert.match(text, /CPU [\d.]+ of [\d.]+ cores {2}P95 [\d.]+ {2}max [\d.]+/);
  assert.match(text, /\d+%.*\d+%/);
});

test('before there is advice, what was seen so far is drawn and told', async () => {
  const { pilot } = await pressed([120, 40], 'c', 'w');
  const picture = pilot.state.capacity;
  assert.ok(picture !== undefined);
  const advised = picture.advised.map(
    ({ id, name, limits, freesShare, advice: { points, spanSeconds } }) => ({
      ...{ id, name, limits, freesShare },
      advice: {
        verdict: 'not enough data' as const,
        points,
        spanSeconds,
        measuredSeconds: 51,
        isNoisy: false,
      },
    }),
  );
  pilot.tell({ type: 'capacity-read', picture: { ...picture, advised } });
  const text = draw(pilot);
  assert.match(text, /So far at most [\d.]+ cores and [\d.]+ [KMG]iB\./);
  assert.match(text, /There is no advice before three hours/);
  assert.match(text, /highest use, limit and need: cores/);
});

test('on a small screen no column is cut, and the reasons are told whole', async () => {
  const { pilot } = await pressed([40, 12], 'c');
  assert.match(draw(pilot), /NAME +ADVICE▲ +│/);
  assert.doesNotMatch(draw(pilot), /…/);
  const { pilot: why } = await pressed([60, 30], 'c', 'w', 'z');
  assert.match(draw(why), /needed/);
  assert.doesNotMatch(draw(why).split('needed').slice(1).join(), /…/);
});

test('the pane in ASCII has nothing else', async () => {
  for (const keys of [['c'], ['c', 'w']]) {
    const { pilot } = await pressed([80, 24], ...keys);
    assert.doesNotMatch(draw(pilot, ascii), /[^\x20-\x7e\n]/);
  }
});

test('the most urgent is first, and columns that are sorted by begin with the largest', async () => {
  const { pilot } = await pressed([120, 40], 'c');
  const frees = () =>
    visibleRows(pilot.state).map(row =>
      row.noun === 'capacity' ? (row.item.advice.memory?.frees ?? 0) : -1,
    );
  assert.equal(frees().length, 5);
  pilot.press('>', '>', '>');
  assert.equal(pilot.state.lists.capacity.sort.key, 'memory');
  assert.deepEqual(
    frees(),
    frees().toSorted((a, b) => b - a),
  );
});

test('limits are changed after a yes, the row stays selected, and u gives them back', async () => {
  const { pilot, engine } = await pressed([120, 40], 'c', 'a');
  const name = selectedRow(pilot.state)?.name ?? '';
  const before = engine.containers.inspect(name).limits;
  assert.match(draw(pilot), /As advised:/);
  pilot.press('enter');
  assert.deepEqual(pilot.taken(), [], 'the answer under the cursor is the safe one');
  pilot.press('a', 'y');
  await obey(pilot, engine);
  const { advice } = await adviceOf(pilot, name);
  const after = engine.containers.inspect(name).limits;
  assert.deepEqual([after.cpus, after.memoryBytes], [advice.cpu?.needed, advice.memory?.needed]);
  await nextFrame(pilot, engine);
  assert.equal(selectedRow(pilot.state)?.name, name);
  assert.equal((await adviceOf(pilot, name)).advice.verdict, 'fits');

  pilot.press('u');
  await obey(pilot, engine);
  assert.match(draw(pilot), /As they were:/);
  pilot.press('y');
  await obey(pilot, engine);
  assert.deepEqual(engine.containers.inspect(name).limits, before);
  pilot.press('u');
  await obey(pilot, engine);
  assert.match(pilot.state.notice?.text ?? '', /No limits were changed/);
});

test('t shows another time; what is shown is read again when it is old, and only while it is looked at', async () => {
  const { pilot, engine } = await pressed([120, 40], 'c');
  assert.match(draw(pilot), /last 1d/);
  pilot.press('t');
  await obey(pilot, engine);
  assert.match(draw(pilot), /last 7d/);
  const frame = await engine.stats.once();
  const later = (seconds: number) => {
    const host = { ...frame.host, time: noon + seconds * 1000 };
    return { type: 'frame-arrived', frame: { ...frame, host } } as const;
  };
  pilot.tell(later(29));
  assert.deepEqual(pilot.taken(), []);
  pilot.tell(later(30));
  assert.deepEqual(
    pilot.taken().map(({ type }) => type),
    ['read-capacity'],
  );
  pilot.press('1').taken();
  pilot.tell(later(90));
  assert.equal(
    pilot.taken().some(({ type }) => type === 'read-capacity'),
    false,
  );
});

test('what has been recorded for minutes is shown in minutes, until another time is asked for', async () => {
  const { pilot, engine } = await pressed([120, 40], 'c');
  const { history } = engine;
  const young: Engine = {
    ...engine,
    history: {
      ...history,
      usage: (window, id) =>
        new Map(
          [...history.usage(window, id)].map(([of, usage]) => [of, { ...usage, first: noon - 40_000 }]),
        ),
    },
  };
  pilot.tell(readCapacity(young, undefined, await engine.stats.once()));
  assert.match(draw(pilot), /last 5m/);
  pilot.press('t');
  await obey(pilot, young);
  assert.match(draw(pilot), /last 1h/);
});

test('without a history the pane says what it waits for, and there is nothing to apply', async () => {
  const { pilot, engine } = await pilotOn(120, 40, { containers: 3 });
  pilot.press('c');
  await obey(pilot, engine);
  assert.match(draw(pilot), /not enough data/);
  assert.match(draw(pilot), /Nothing was recorded in this time/);
  pilot.press('a');
  assert.match(pilot.state.notice?.text ?? '', /not enough data for advice/);
  pilot.press('w');
  await obey(pilot, engine);
  assert.match(draw(pilot), /no advice before three hours/);
});

test('lineChart() leaves a gap where nothing was measured, and draws the highest value', () => {
  const rows = (values: number[]) =>
    lineChart({
      curves: [{ values, tone: 'used' }],
      span: 40,
      atLeast: 10,
      width: 60,
      height: 10,
      theme: plain,
    })
      .map(({ spans }) => spans.map(([text]) => text).join(''))
      .slice(0, 6); // above the axis
  const dotted = (line: string) => (line.slice(8).match(/[\u2801-\u28ff]/g) ?? []).length;
  const full = Math.max(...rows(new Array(40).fill(10)).map(dotted));
  assert.ok(full > 40, 'the value at the top of the axis is drawn');
  const gap = Math.max(
    ...rows(Array.from({ length: 40 }, (_, i) => (i >= 10 && i < 30 ? Number.NaN : 10))).map(dotted),
  );
  assert.ok(gap < full * 0.6 && gap > full * 0.3, `${gap} of ${full}`);
});

test('outcomeWords() says what was done, or throws what failed', () => {
  const change = { name: 'web' } as never;
  assert.equal(
    outcomeWords([{ name: 'web', change, warnings: [] }], 'Changed'),
    'Changed the limits of "web"',
  );
  assert.throws(
    () => outcomeWords([{ name: 'web', error: new Error('no such limit') }], 'Changed'),
    /no such limit/,
  );
});

async function adviceOf(pilot: Pilot, name: string) {
  const row = visibleRows(pilot.state).find(one => one.name === name);
  assert.ok(row?.noun === 'capacity');
  return row.item;
}

async function nextFrame(pilot: Pilot, engine: Engine): Promise<void> {
  pilot.tell({ type: 'frame-arrived', frame: await engine.stats.once() });
  await obey(pilot, engine);
}
