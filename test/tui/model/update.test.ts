import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Neighbour } from '../../../src/engine/index.ts';
import { PlimsollError } from '../../../src/errors.ts';
import {
  currentTab,
  failureNotice,
  LogStore,
  selectedRow,
  visibleRows,
} from '../../../src/tui/model/index.ts';
import { noon, pilotOn } from '../../support/dashboard-state.ts';

const selectedName = (pilot: Awaited<ReturnType<typeof pilotOn>>['pilot']): string | undefined =>
  selectedRow(pilot.state)?.name;

test("another engine's containers come last, show what they use, and are left alone", async () => {
  const { pilot, engine } = await pilotOn(120, 40, { containers: 3 });
  const frame = await engine.stats.once();
  const [usage] = frame.containers.values();
  assert.ok(usage !== undefined);
  const neighbour: Neighbour = {
    ...{ id: 'docker:d', engine: 'docker', address: 'unix:///run/docker.sock', name: 'web', image: 'nginx' },
    ...{ labels: {}, limits: { cpus: 2 }, network: 'bridge', cgroupPath: '/docker/d', pid: 7 },
  };
  const neighbours = new Map([['docker:d', { ...usage, id: 'docker:d', neighbour }]]);
  pilot.tell({ type: 'frame-arrived', frame: { ...frame, neighbours } });
  const rows = visibleRows(pilot.state);
  assert.equal(rows.at(-1)?.name, 'docker/web');
  pilot.press('G');
  assert.equal(currentTab(pilot.state), 'stats');
  pilot.taken();
  for (const key of ['s', 'r', 'K', 'p', 'd', 'D', 'e', 'l', 'i']) {
    pilot.press(key);
    assert.match(
      pilot.state.notice?.text ?? '',
      /"web" is a container of docker, which is only looked at here/,
      key,
    );
    assert.equal(pilot.state.overlay, undefined, key);
  }
  assert.deepEqual(pilot.taken(), []);
  assert.ok(Math.abs((pilot.state.load?.cpu.usedByNeighbours ?? 0) - usage.cpuCores) < 1e-5);
});

test('s stops what runs and starts what does not, by what each is', async () => {
  const { pilot } = await pilotOn(120, 40);
  const [search, mailer] = ['search', 'mailer'].map(
    name => pilot.state.containers.find(one => one.name === name)?.id ?? '',
  );
  pilot.press('/').type('mailer').press('enter', 's');
  assert.deepEqual(
    pilot.taken().filter(one => one.type === 'container'),
    [{ type: 'container', verb: 'start', targets: [{ id: mailer, name: 'mailer' }] }],
  );
  pilot.press('escape', '/').type('search').press('enter', 'g', 's');
  assert.deepEqual(
    pilot.taken().find(one => one.type === 'container'),
    {
      type: 'container',
      verb: 'stop',
      targets: [{ id: search, name: 'search' }],
    },
  );
});

test('an action on marked rows is for all of them, and clears the marks', async () => {
  const { pilot } = await pilotOn(120, 40);
  pilot.press(' ', ' ', 'r');
  const [command] = pilot.taken().filter(one => one.type === 'container');
  assert.equal(command?.targets.length, 2);
  assert.equal(pilot.state.lists.containers.marked.size, 0);
});

test('removal asks first, and the safe answer is the one that enter gives', async () => {
  const { pilot } = await pilotOn(120, 40);
  pilot.press('d', 'enter');
  assert.equal(pilot.state.overlay, undefined);
  assert.deepEqual(pilot.taken(), []);
  pilot.press('d', 'y');
  assert.equal(pilot.taken().find(one => one.type === 'remove-containers')?.force, false);
  pilot.press('D', 'down', 'enter');
  assert.equal(pilot.taken().find(one => one.type === 'remove-containers')?.force, true);
});

test('K asks for the signal', async () => {
  const { pilot } = await pilotOn(120, 40);
  pilot.press('K', 'down', 'enter');
  assert.equal(pilot.taken().find(one => one.type === 'kill')?.signal, 'SIGKILL');
});

test('the cursor stays on its container when the order changes, and next to it when it goes', async () => {
  const { pilot } = await pilotOn(120, 40);
  pilot.press('down', 'down');
  const name = selectedName(pilot);
  pilot.press('right', 'right', 'right');
  assert.equal(selectedName(pilot), name);
  const rows = visibleRows(pilot.state);
  const index = rows.findIndex(row => row.name === name);
  const neighbour = rows[index + 1]?.name;
  pilot.tell({
    type: 'containers-listed',
    containers: pilot.state.containers.filter(one => one.name !== name),
  });
  assert.equal(selectedName(pilot), neighbour);
});

test('a container that restarts over and over keeps its place and the cursor its container', async () => {
  const { pilot } = await pilotOn(120, 40);
  const before = visibleRows(pilot.state).map(row => row.name);
  const containers = pilot.state.containers.map(one =>
    one.name === 'api' ? { ...one, state: { ...one.state, status: 'restarting' as const } } : one,
  );
  pilot.tell({ type: 'containers-listed', containers });
  assert.deepEqual(
    visibleRows(pilot.state).map(row => row.name),
    before,
  );
});

test('the filter works as it is typed, by words, and "!" means not', async () => {
  const { pilot } = await pilotOn(120, 40);
  pilot.press('/').type('web');
  assert.deepEqual(
    visibleRows(pilot.state).map(row => row.name),
    ['gateway', 'web', 'web-2'].filter(name => visibleRows(pilot.state).some(row => row.name === name)),
  );
  pilot.press('escape');
  assert.equal(visibleRows(pilot.state).length, 12);
  pilot.press('/').type('!running exit');
  assert.deepEqual(
    visibleRows(pilot.state)
      .map(row => row.name)
      .sort(),
    ['mailer', 'scheduler'],
  );
});

test('an image of several names is run under the one that the filter is about', async () => {
  const { pilot } = await pilotOn(120, 40);
  const [image] = pilot.state.images;
  assert.ok(image !== undefined);
  const references = ['docker.io/library/shop:1', 'docker.io/library/harbour:2'];
  pilot.tell({ type: 'images-listed', images: [{ ...image, references }] });
  const typedImage = () => {
    const { overlay } = pilot.press('R').state;
    pilot.press('escape');
    return overlay?.kind === 'form' ? overlay.form.values.image : undefined;
  };
  pilot.press('2');
  assert.equal(typedImage(), 'shop:1');
  pilot.press('/').type('harb').press('enter');
  assert.equal(selectedName(pilot), 'harbour:2');
  assert.equal(typedImage(), 'harbour:2');
  pilot.press('/').type(' 2').press('enter');
  assert.equal(typedImage(), 'harbour:2');
});

test('keys that arrive while a filter is typed are letters, not actions', async () => {
  const { pilot } = await pilotOn(120, 40);
  pilot.press('/').type('dsrq');
  assert.deepEqual(
    pilot.taken().filter(one => one.type !== 'follow-logs'),
    [],
  );
  assert.equal(pilot.state.lists.containers.filter, 'dsrq');
});

test('escape goes back a step at a time and never quits; q quits at the end', async () => {
  const { pilot } = await pilotOn(120, 40);
  pilot.press('2', 'tab', 'z');
  for (let i = 0; i < 8; i++) pilot.press('escape');
  assert.deepEqual(
    pilot.taken().filter(one => one.type === 'quit'),
    [],
  );
  assert.equal(pilot.state.noun, 'containers');
  pilot.press('q');
  assert.deepEqual(pilot.taken(), [{ type: 'quit' }]);
});

test('q quits at once although an error is still shown, and escape takes only the error away', async () => {
  const { pilot } = await pilotOn(120, 40);
  pilot.tell({ type: 'noticed', notice: { tone: 'bad', text: 'nothing can be built', time: noon } });
  pilot.press('escape');
  assert.equal(pilot.state.notice, undefined);
  pilot.tell({ type: 'noticed', notice: { tone: 'bad', text: 'nothing can be built', time: noon } });
  pilot.press('q');
  assert.deepEqual(pilot.taken(), [{ type: 'quit' }]);
});

test('quitting while something is in progress asks first; ctrl-c does not', async () => {
  const { pilot } = await pilotOn(120, 40);
  pilot.tell({
    type: 'operation-began',
    operation: { id: 1, label: 'building app', target: '', started: noon, cancellable: true },
  });
  pilot.press('q');
  assert.equal(pilot.state.overlay?.kind, 'choice');
  pilot.press('enter');
  assert.deepEqual(pilot.taken(), []);
  pilot.press('ctrl+c');
  assert.deepEqual(pilot.taken(), [{ type: 'quit' }]);
});

test('the build form remembers what was entered, and shows its mistakes at their field', async () => {
  const { pilot } = await pilotOn(120, 40);
  pilot
    .press('b')
    .type('/srv/app')
    .press('tab', 'tab')
    .type('app:1')
    .press('tab', 'tab')
    .type('V')
    .press('enter');
  const { overlay } = pilot.state;
  assert.ok(overlay?.kind === 'form');
  assert.equal(overlay.form.error?.field, 'args');
  pilot.type('=2').press('enter');
  assert.deepEqual(
    pilot.taken().map(one => one.type),
    ['remember', 'build'],
  );
  pilot.press('b');
  const again = pilot.state.overlay;
  assert.ok(again?.kind === 'form');
  assert.equal(again.form.values.tag, 'app:1');
});

test('pasted text goes into the field on one line, and into nothing else', async () => {
  const { pilot } = await pilotOn(120, 40);
  pilot.tell({ type: 'paste', text: 'dDq' });
  assert.deepEqual(pilot.taken(), []);
  pilot.press('R', 'ctrl+u').tell({ type: 'paste', text: 'app:1\n' });
  const { overlay } = pilot.state;
  assert.ok(overlay?.kind === 'form');
  assert.equal(overlay.form.values.image, 'app:1');
});

test('logs follow their end until one scrolls up, and say how much is new', async () => {
  const { pilot } = await pilotOn(120, 40);
  const id = selectedRow(pilot.state)?.id ?? '';
  const store = new LogStore();
  for (let i = 0; i < 200; i++) store.append({ stream: 'stdout', text: `line ${i}` });
  pilot.tell(
    { type: 'logs-opened', container: id, store },
    { type: 'logs-grew', container: id, ended: false },
  );
  pilot.press('l', 'up', 'up');
  const top = pilot.state.logs?.top;
  assert.ok(top !== undefined && top < 200);
  store.append({ stream: 'stdout', text: 'more' });
  pilot.tell({ type: 'logs-grew', container: id, ended: false });
  assert.equal(pilot.state.logs?.top, top);
  pilot.press('G');
  assert.equal(pilot.state.logs?.top, undefined);
});

test('S asks of which time logs are shown, and that holds for the next container', async () => {
  const { pilot } = await pilotOn(120, 40);
  const [first, second] = visibleRows(pilot.state).map(row => row.id);
  pilot.tell({ type: 'logs-opened', container: first ?? '', store: new LogStore() });
  pilot.press('l');
  pilot.taken();
  pilot.press('S', '2');
  assert.deepEqual(pilot.taken(), [{ type: 'follow-logs', container: first, sinceMs: 300_000 }]);
  pilot.press('tab', 'down');
  assert.deepEqual(pilot.taken(), [{ type: 'follow-logs', container: second, sinceMs: 300_000 }]);
  pilot.press('up', 'l', 'S', 'up', 'up', 'enter');
  assert.deepEqual(pilot.taken().at(-1), { type: 'follow-logs', container: first });
});

test('a search shows the newest match, and n goes to older ones', async () => {
  const { pilot } = await pilotOn(120, 40);
  const id = selectedRow(pilot.state)?.id ?? '';
  const store = new LogStore();
  for (let i = 0; i < 500; i++)
    store.append({ stream: 'stdout', text: i % 100 === 0 ? `found ${i}` : `line ${i}` });
  pilot.tell({ type: 'logs-opened', container: id, store });
  pilot.press('l', '/').type('found').press('enter');
  const first = pilot.state.logs?.top ?? 0;
  assert.ok(first <= 400 && first > 380, `top is ${first}`);
  pilot.press('n');
  const second = pilot.state.logs?.top ?? 0;
  assert.ok(second <= 300 && second > 280, `top is ${second}`);
});

test('another container, or another run of it, is another log to follow', async () => {
  const { pilot } = await pilotOn(120, 40);
  pilot.press('down');
  const [command] = pilot.taken();
  assert.deepEqual(command, { type: 'follow-logs', container: selectedRow(pilot.state)?.id });
  const containers = pilot.state.containers.map(one =>
    one.id === selectedRow(pilot.state)?.id ? { ...one, state: { ...one.state, startedAt: noon } } : one,
  );
  pilot.tell({ type: 'containers-listed', containers });
  assert.equal(pilot.taken()[0]?.type, 'follow-logs');
});

test('a failure is one sentence with what to do, cleaned, and goes by itself', async () => {
  const { pilot } = await pilotOn(120, 40);
  const error = new PlimsollError('conflict', 'port 80 is taken by "\u001b[2Jnginx"', {
    code: 'PORT_IN_USE',
    hint: 'choose another port',
  });
  pilot.tell({ type: 'noticed', notice: failureNotice(error, noon) });
  assert.deepEqual(pilot.state.notice, {
    tone: 'bad',
    text: 'port 80 is taken by "nginx"',
    hint: 'choose another port',
    time: noon,
  });
  pilot.tell({ type: 'ticked', now: noon + 60_000 }, { type: 'ticked', now: noon + 61_000 });
  assert.equal(pilot.state.notice, undefined);
});

test('a build that was begun here is shown, and its steps move as it goes', async () => {
  const { pilot } = await pilotOn(120, 40);
  pilot.tell({ type: 'build-announced', build: 'b1' });
  assert.equal(pilot.state.noun, 'builds');
  assert.deepEqual(pilot.taken(), [{ type: 'follow-build', build: 'b1' }]);
  const step = { id: 0, name: '[1/1] FROM busybox', stage: '0', line: 1, dependsOn: [] };
  pilot.tell(
    { type: 'build-opened', build: 'b1', output: new LogStore() },
    {
      type: 'build-moved',
      build: 'b1',
      now: noon + 7,
      events: [
        { kind: 'planned', time: noon, build: 'b1', steps: [step] },
        { kind: 'step-started', time: noon, step: 0 },
        { kind: 'step-finished', time: noon + 5, step: 0, outcome: 'cached' },
        { kind: 'finished', time: noon + 6, outcome: 'succeeded', image: 'sha256:1' },
      ],
    },
  );
  assert.equal(pilot.state.build?.steps[0]?.state, 'cached');
  assert.equal(pilot.state.build?.outcome, 'succeeded');
});

test('the clock goes on with a build, also while no figures come', async () => {
  const { pilot } = await pilotOn(120, 40);
  const before = pilot.state.now;
  pilot.tell(
    { type: 'build-opened', build: 'b1', output: new LogStore() },
    { type: 'build-moved', build: 'b1', events: [], now: before + 2500 },
  );
  assert.equal(pilot.state.now, before + 2500);
  pilot.tell({ type: 'build-moved', build: 'b1', events: [], now: before + 2000 });
  assert.equal(pilot.state.now, before + 2500);
});
