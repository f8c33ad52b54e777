import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createApp } from '../../src/api/create-app.ts';
import type { CacheSelection, Engine } from '../../src/engine/index.ts';
import { createFakeEngine } from '../support/fake-engine.ts';
import { runPlimsoll } from '../support/run-cli.ts';

/** An engine that writes down what it is told to prune. */
function pruned(): { engine: Engine; asked: CacheSelection[] } {
  const asked: CacheSelection[] = [];
  const fake = createFakeEngine({ containers: 1 });
  const builds: Engine['builds'] = {
    ...fake.builds,
    pruneCache: async (selection = {}) => {
      asked.push(selection);
      return { records: 0, reclaimedBytes: 0 };
    },
    cacheLimits: async () => ({ maxUsedBytes: 40e9, reservedBytes: 5e9, minFreeBytes: 10e9 }),
  };
  return { engine: { ...fake, builds }, asked };
}

test('builder prune takes the limits of docker 28 and buildx, and the older name', async () => {
  const { engine, asked } = pruned();
  const run = async (...argv: string[]) => {
    const done = await runPlimsoll(['builder', 'prune', ...argv], { engine });
    assert.equal(done.code, 0, done.stderr);
  };
  await run('--max-used-space', '5g', '--reserved-space=1g', '--min-free-space', '20g');
  await run('--keep-storage', '2g');
  await run();
  const g = 1024 ** 3;
  assert.deepEqual(asked, [
    { maxUsedBytes: 5 * g, reservedBytes: g, minFreeBytes: 20 * g },
    { reservedBytes: 2 * g },
    {},
  ]);
});

test('POST /build/prune takes them too; 0 is what clients send for what nobody has asked', async () => {
  const { engine, asked } = pruned();
  await using app = createApp(engine, '1.2.3');
  const queries = [
    'max-used-space=5&reserved-space=1&min-free-space=20',
    'keep-storage=7&all=1',
    'keep-storage=0&max-used-space=0',
  ];
  for (const query of queries)
    assert.equal((await app.inject({ method: 'POST', url: `/build/prune?${query}` })).statusCode, 200);
  assert.deepEqual(asked, [
    { maxUsedBytes: 5, reservedBytes: 1, minFreeBytes: 20 },
    { reservedBytes: 7 },
    {},
  ]);
  assert.equal((await app.inject({ method: 'POST', url: '/build/prune?keep-storage=all' })).statusCode, 400);
});

test('builder du ends with the limit that the cache has', async () => {
  const { engine } = pruned();
  const { stdout } = await runPlimsoll(['builder', 'du'], { engine });
  assert.ok(
    stdout.endsWith('Build cache limit: 40GB, and down to 5GB where less than 10GB of the disk is free\n'),
    stdout,
  );
});
