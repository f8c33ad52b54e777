import assert from 'node:assert/strict';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLimitService, type LimitOutcome } from '../../../src/engine/limits/index.ts';
import { noEngine } from '../../support/root-of-own.ts';
import { makeRoot, openTestEngine, removeRoot } from '../../support/test-engine.ts';

const MiB = 1024 ** 2;

test('limits of a running container are changed, written down and given back, as the kernel sees it', {
  skip: noEngine,
}, async () => {
  const root = makeRoot();
  await using engine = await openTestEngine(root);
  const { containers } = engine;
  const limits = createLimitService({ root, containers, clock: () => 1000 });
  const log = join(root.dataDir, 'limits.log');
  const ids = await Promise.all(
    [{}, { cpuQuota: 150_000, cpuPeriod: 100_000, memoryBytes: 64 * MiB, memorySwapBytes: 80 * MiB }].map(
      async (own, i) => {
        const { id } = await containers.create({
          ...{ image: 'busybox', name: `c${i}`, command: ['sleep', '1000'], network: 'none', limits: own },
        });
        await containers.start(id);
        return id;
      },
    ),
  );
  const change = (i: number) => ({ cpus: 0.5, memoryBytes: 32 * MiB, ...(i === 0 ? {} : swap) });
  const swap = { memorySwapBytes: 48 * MiB };
  const reason = 'P99 of 0.4 cores';

  assert.deepEqual(limits.undoable(), []);
  const done = await limits.change(['c0', 'c1'].map((name, i) => ({ name, change: change(i), reason })));
  assert.deepEqual(done.map(errorOf), [undefined, undefined]);
  for (const id of ids) assert.deepEqual(kernelLimits(containers.inspect(id).cgroupPath), [0.5, 32 * MiB]);
  assert.equal(containers.inspect('c1').limits.cpuQuota, undefined);
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
  assert.deepEqual(
    lines
      .map(line => JSON.parse(line))
      .map(({ container, reason: why, time }) => [container.name, why, time]),
    [
      ['c0', reason, 1000],
      ['c1', reason, 1000],
    ],
  );

  const failed = await limits.change([{ name: 'c0', change: { memoryBytes: MiB }, reason }]);
  assert.match(String(errorOf(failed[0])), /too low/);
  assert.equal(limits.undoable().length, 2, 'a change that failed is nothing to take back');

  appendFileSync(log, '{"cut off by a cra');
  await containers.update('c0', { limits: { cpus: 0.25 } });
  const mixed = await limits.undo(limits.undoable());
  assert.match(String(errorOf(mixed[0])), /the limits of "c0" were changed since/);
  assert.equal(errorOf(mixed[1]), undefined);
  assert.deepEqual(kernelLimits(containers.inspect('c1').cgroupPath), [1.5, 64 * MiB]);
  const { cpuQuota, memorySwapBytes, cpus } = containers.inspect('c1').limits;
  assert.deepEqual([cpuQuota, memorySwapBytes, cpus], [150_000, 80 * MiB, undefined]);

  await containers.update('c0', { limits: { cpus: 0.5 } });
  assert.deepEqual((await limits.undo(limits.undoable(['c0']))).map(errorOf), [undefined]);
  assert.deepEqual(kernelLimits(containers.inspect('c0').cgroupPath), [undefined, undefined]);
  assert.deepEqual(containers.inspect('c0').limits, {}, 'it had none, and has none');
  assert.deepEqual(limits.undoable(), []);
  assert.deepEqual(limits.undoable(['c0']), []);

  await limits.change([{ name: 'c1', change: change(1), reason }]);
  await containers.remove('c1', { force: true });
  assert.deepEqual(limits.undoable(), [], 'what is gone is not offered');
  await containers.remove('c0', { force: true });
  await engine[Symbol.asyncDispose]();
  assert.deepEqual(removeRoot(root), []);
});

function errorOf(outcome: LimitOutcome | undefined): unknown {
  return outcome !== undefined && 'error' in outcome ? outcome.error : undefined;
}

/** Cores and bytes that the kernel allows; undefined: all. */
function kernelLimits(path = ''): (number | undefined)[] {
  const read = (controller: string, v1: string, v2: string) => {
    const file = join('/sys/fs/cgroup', controller, path, v1);
    return readFileSync(existsSync(file) ? file : join('/sys/fs/cgroup', path, v2), 'utf8').trim();
  };
  const [quota = '', period = read('cpu', 'cpu.cfs_period_us', 'cpu.max')] = read(
    ...(['cpu', 'cpu.cfs_quota_us', 'cpu.max'] as const),
  ).split(' ');
  const bytes = Number(read('memory', 'memory.limit_in_bytes', 'memory.max'));
  return [
    Number(quota) > 0 ? Number(quota) / Number(period) : undefined,
    bytes < 2 ** 60 ? bytes : undefined, // v1 says "no limit" by the largest number of pages
  ];
}
