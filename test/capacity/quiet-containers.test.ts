import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quietContainers, quietFrom } from '../../src/capacity/index.ts';
import type { QuietFacts } from '../../src/capacity/quiet-containers.ts';
import { LogHistogram } from '../../src/lib/log-histogram.ts';

const day = 86_400_000;
const now = 100 * day;
const MiB = 1024 ** 2;

/** What a container did: cores for so many days, and bytes. */
function recorded({ cores = 0.001, days = 14, network = 0, block = 0 } = {}) {
  const cpu = new LogHistogram();
  cpu.add(cores, days * 86_400);
  const memory = new LogHistogram();
  memory.add(64 * MiB, days * 86_400);
  return { cpu, memory, networkBytes: network, blockBytes: block };
}

/** The quiet ones of these, each with what is known of it. */
function quietOf(
  all: Readonly<Record<string, { use?: object; startedAt?: number; event?: object; logged?: number }>>,
) {
  const entries = Object.entries(all);
  const facts = {
    containers: entries.map(([id, { startedAt = now - 60 * day }]) => ({
      id,
      state: { status: 'running', startedAt },
    })),
    usage: new Map(entries.flatMap(([id, { use }]) => (use === undefined ? [] : [[id, use]]))),
    events: entries.flatMap(([id, { event }]) =>
      event === undefined ? [] : [{ type: 'container', actor: { id }, ...event }],
    ),
    loggedAt: new Map(entries.flatMap(([id, { logged }]) => (logged === undefined ? [] : [[id, logged]]))),
    now,
  };
  return quietContainers(facts as unknown as QuietFacts);
}

const at = (daysAgo: number) => `${now - daysAgo * day}000000`;

test('a container is quiet that for a fortnight did nothing, and that nobody touched', () => {
  const quiet = quietOf({
    silent: { use: recorded() },
    probed: { use: recorded(), event: { action: 'health_status: healthy', timeNano: at(0.1) } },
    looked: { use: recorded(), event: { action: 'exec_start', timeNano: at(30) }, logged: now - 40 * day },
  });
  assert.deepEqual([...quiet.keys()], ['silent', 'probed', 'looked']);
  assert.equal(quiet.get('silent')?.lastUsed, now - 60 * day);
  assert.equal(quiet.get('looked')?.lastUsed, now - 30 * day);
  assert.ok(Math.abs((quiet.get('silent')?.memoryBytes ?? 0) / (64 * MiB) - 1) < 0.01);
});

test('each sign of use keeps a container: CPU, traffic, disk, a line in the log, somebody in it, a young age, few records', () => {
  const quiet = quietOf({
    busy: { use: recorded({ cores: 0.05 }) },
    serving: { use: recorded({ network: 200e6 }) },
    writing: { use: recorded({ block: 200e6 }) },
    talking: { use: recorded(), logged: now - day },
    entered: { use: recorded(), event: { action: 'exec_start', timeNano: at(2) } },
    young: { use: recorded(), startedAt: now - 3 * day },
    hardlyRecorded: { use: recorded({ days: 5 }) },
    unrecorded: {},
  });
  assert.deepEqual([...quiet.keys()], []);
  assert.equal(quietFrom(now), now - 14 * day);
});
