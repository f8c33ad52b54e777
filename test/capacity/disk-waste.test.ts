import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DiskFacts } from '../../src/capacity/disk-waste.ts';
import { diskWaste } from '../../src/capacity/index.ts';

const MiB = 1024 ** 2;
const day = 86_400_000;
const now = 100 * day;

const none = {
  usage: { images: [], containers: [], volumes: [], categories: [], orphans: [] },
  ...{
    images: [],
    containers: [],
    volumes: [],
    cache: [],
    logs: new Map(),
    events: [],
    quiet: new Map(),
    now,
  },
};

/** Only what the rule looks at. */
function rows(facts: object) {
  return diskWaste({ ...none, ...facts } as unknown as DiskFacts);
}

function stopped(name: string, daysAgo: number, project?: string) {
  const labels = project === undefined ? {} : { 'com.docker.compose.project': project };
  const state = { status: 'exited', finishedAt: now - daysAgo * day };
  return { id: name, name, labels, state, created: 0 };
}

test('diskWaste() tells images that no container has, by what only they have, and when they were used', () => {
  const images = [
    { id: 'sha256:aaaaaaaaaaaaaaaa', references: [], containers: [], uniqueBytes: 9 },
    { id: 'sha256:bbbb', references: ['localhost/web:1'], containers: [], uniqueBytes: 9 },
    { id: 'sha256:cccc', references: ['localhost/db:1'], containers: ['x'], uniqueBytes: 9 },
  ];
  const usage = { ...none.usage, images: [{ id: 'sha256:bbbb', uniqueBytes: 20 }] };
  const events = [
    { type: 'image', action: 'tag', actor: { id: 'sha256:bbbb' }, timeNano: `${now - day}000000` },
  ];
  assert.deepEqual(rows({ images, usage, events }), [
    {
      ...{ kind: 'image without a container', name: 'localhost/web:1', bytes: 20, lastUsed: now - day },
      command: 'plimsoll rmi localhost/web:1',
    },
    {
      ...{ kind: 'image without a name', name: 'sha256:aaaaaaaaaaaa', bytes: 9 },
      command: 'plimsoll rmi sha256:aaaaaaaaaaaa',
    },
  ]);
});

test('diskWaste() takes the containers of a project together that has not run for a week', () => {
  const containers = [
    stopped('old-web', 30, 'old'),
    stopped('old-db', 20, 'old'),
    stopped('new-web', 30, 'new'),
    { ...stopped('new-db', 0, 'new'), state: { status: 'running' } },
  ];
  const sizes = containers.map(({ id }) => ({ id, sizeBytes: 5 }));
  const found = rows({ containers, usage: { ...none.usage, containers: sizes } });
  assert.deepEqual(
    found.map(({ kind, name, bytes, lastUsed }) => [kind, name, bytes, ((lastUsed ?? 0) - now) / day]),
    [
      ['forgotten project', 'old', 10, -20],
      ['stopped container', 'new-web', 5, -30],
    ],
  );
  assert.equal(found[0]?.command, 'plimsoll rm old-web old-db');
});

test('diskWaste() takes a project that runs with nobody to use it for forgotten, and tells what it holds', () => {
  const running = (name: string, project?: string) => ({
    ...stopped(name, 0, project),
    state: { status: 'running', startedAt: now - 60 * day },
  });
  const containers = [
    running('demo-web', 'demo'),
    stopped('demo-job', 40, 'demo'),
    running('live-web', 'live'),
    running('live-db', 'live'),
    running('alone'),
  ];
  const silent = { lastUsed: now - 50 * day, memoryBytes: 64 * MiB };
  const quiet = new Map([
    ['demo-web', silent],
    ['live-db', silent],
    ['alone', silent],
  ]);
  const found = rows({ containers, quiet });
  assert.deepEqual(
    found.map(({ kind, name, memoryBytes, command }) => [kind, name, memoryBytes, command]),
    [
      ['idle container', 'alone', 64 * MiB, 'plimsoll stop alone'],
      ['forgotten project', 'demo', 64 * MiB, 'plimsoll rm -f demo-web demo-job'],
      ['idle container', 'live-db', 64 * MiB, 'plimsoll stop live-db'],
    ],
  );
  assert.equal(found[1]?.lastUsed, now - 40 * day);
});

test('diskWaste() tells volumes of nobody, cache that no image has, fat logs, and leftovers', () => {
  const record = { kind: 'layer', sizeBytes: 4, lastUsed: 5, inUse: false, shared: false };
  const found = rows({
    volumes: [
      { name: 'mine', containers: ['x'], created: 1 },
      { name: 'left', containers: [], created: 1 },
    ],
    cache: [record, record, { ...record, shared: true }, { ...record, inUse: true }],
    containers: [{ ...stopped('chatty', 0), state: { status: 'running' } }],
    logs: new Map([['chatty', 200 * MiB]]),
    usage: {
      ...none.usage,
      volumes: [
        { name: 'mine', sizeBytes: 100 },
        { name: 'left', sizeBytes: 50 },
      ],
      categories: [{ kind: 'orphans', count: 2, reclaimableBytes: 7 }],
    },
  });
  assert.deepEqual(
    found.map(({ kind, name, bytes }) => [kind, name, bytes]),
    [
      ['fat log', 'chatty', 200 * MiB],
      ['volume without a container', 'left', 50],
      ['build cache', 'layers of steps (2)', 8],
      ['orphans', '2 of them', 7],
    ],
  );
});
