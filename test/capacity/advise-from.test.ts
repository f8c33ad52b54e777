import assert from 'node:assert/strict';
import { test } from 'node:test';
import { adviseFrom } from '../../src/capacity/index.ts';
import type { Engine, StatsFrame, UsageHistory } from '../../src/engine/index.ts';
import { LogHistogram } from '../../src/lib/log-histogram.ts';

const MiB = 1024 ** 2;
const day = 86_400_000;

/** A day of little use: what ate the limit did so between two measurements. */
function quiet(): UsageHistory {
  const [cpu, memory] = [new LogHistogram(), new LogHistogram()];
  for (let minute = 0; minute < 1440; minute++) {
    cpu.add(0.1, 60);
    memory.add(40 * MiB, 60);
  }
  const none = { oomKills: 0, periods: 0, throttledPeriods: 0, networkBytes: 0, blockBytes: 0 };
  return { ...none, points: 1440, peakBytes: 41 * MiB, cpu, memory, first: 0, last: day };
}

function verdictOf(happened: readonly (readonly [action: string, time: number])[]): string | undefined {
  const history = { usage: () => new Map([['w', quiet()]]) };
  const list = () =>
    happened.map(([action, time]) => ({ action, actor: { id: 'w' }, timeNano: `${time}000000` }));
  const engine = { history, events: { list } } as unknown as Pick<Engine, 'history' | 'events'>;
  const host = { cores: 8, memoryTotalBytes: 16 * 1024 * MiB };
  const frame = { host, containers: new Map() } as unknown as StatsFrame;
  const containers = [{ id: 'w', name: 'web', limits: { cpus: 1, memoryBytes: 128 * MiB } }];
  return adviseFrom(engine, { containers, frame, since: 0 })[0]?.advice.verdict;
}

test('a container that ended of a lack of memory is too small, though all that was measured of it is little', () => {
  assert.equal(verdictOf([]), 'too large');
  assert.equal(verdictOf([['oom', 1000]]), 'too small');
  assert.notEqual(
    verdictOf([
      ['oom', 1000],
      ['update', 2000],
    ]),
    'too small',
    'it has had another limit since',
  );
});
