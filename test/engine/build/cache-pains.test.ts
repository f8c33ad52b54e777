import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  lstatSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isPlimsollError } from '../../../src/errors.ts';
import { makeYard, type Yard } from './yard.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';

/** Steps run no process here; what they would run is counted, and leaves a file of its own. */
const yardOf = async (options: { slowly?: boolean } = {}) => {
  let count = 0;
  const yard = makeYard({
    fakeRun: async (_, rootfs) => {
      if (options.slowly) await sleep(200);
      writeFileSync(join(rootfs, 'made'), String(++count));
      return 0;
    },
  });
  await yard.makeBase('base', rootfs => writeFileSync(join(rootfs, 'base'), '1'));
  return yard;
};

/** What the one step after FROM says, the second time it is built. */
async function secondTime(yard: Yard, step: string, change: () => unknown): Promise<string | undefined> {
  const text = `FROM base\n${step}\n`;
  await yard.build(text);
  await change();
  return (await yard.build(text)).steps[step];
}

describe('pain 6, false hits of the cache:', { skip }, () => {
  test('several sources with one destination that change places', async () => {
    await using yard = await yardOf();
    yard.write('Gemfile', 'one');
    yard.write('Gemfile.lock', 'two');
    const said = await secondTime(yard, 'COPY Gemfile Gemfile.lock /app/', () => {
      yard.write('Gemfile', 'two');
      yard.write('Gemfile.lock', 'one');
    });
    assert.equal(said, 'Gemfile changed (and 1 more)');
  });

  test('a file that a wildcard matches is renamed', async () => {
    await using yard = await yardOf();
    yard.write('one.txt', 'x');
    const rename = () => renameSync(join(yard.context, 'one.txt'), join(yard.context, 'two.txt'));
    assert.equal(await secondTime(yard, 'COPY *.txt /app/', rename), 'two.txt is new (and 1 more)');
  });

  test('a folder below the copied one is renamed', async () => {
    await using yard = await yardOf();
    yard.write('src/a/f', 'x');
    const rename = () => renameSync(join(yard.context, 'src/a'), join(yard.context, 'src/b'));
    assert.equal(await secondTime(yard, 'COPY src /src', rename), 'src/b is new (and 3 more)');
  });

  test('a mode changes', async () => {
    await using yard = await yardOf();
    yard.write('tool.sh', 'x');
    const change = () => chmodSync(join(yard.context, 'tool.sh'), 0o755);
    assert.equal(await secondTime(yard, 'COPY tool.sh /', change), 'tool.sh changed');
  });

  test('an owner changes in the stage that is copied from', async () => {
    await using yard = await yardOf();
    yard.write('f', 'x');
    const text = (owner: number) =>
      `FROM base AS a\nCOPY --chown=${owner} f /f\nFROM base\nCOPY --from=a /f /g\n`;
    await yard.build(text(1));
    assert.equal((await yard.build(text(2))).steps['COPY --from=a /f /g'], 'f changed');
  });

  test('a link leads elsewhere, and a file becomes a link', async () => {
    await using yard = await yardOf();
    yard.write('d/f', 'x');
    symlinkSync('f', join(yard.context, 'd/link'));
    const relink = (target: string) => {
      rmSync(join(yard.context, 'd/link'));
      symlinkSync(target, join(yard.context, 'd/link'));
    };
    assert.equal(await secondTime(yard, 'COPY d /d', () => relink('g')), 'd/link changed');
    rmSync(join(yard.context, 'd/f'));
    symlinkSync('x', join(yard.context, 'd/f'));
    assert.equal((await yard.build('FROM base\nCOPY d /d\n')).steps['COPY d /d'], 'd/f changed');
  });
});

describe('pain 5, misses of the cache that need not be:', { skip }, () => {
  test('a checkout makes every mtime new', async () => {
    await using yard = await yardOf();
    for (const path of ['src/a', 'src/b/c', 'd']) yard.write(path, path);
    const touch = () => {
      for (const path of readdirSync(yard.context, { recursive: true, encoding: 'utf8' }))
        utimesSync(join(yard.context, path), 5, 5);
    };
    assert.equal(await secondTime(yard, 'COPY src d /app/', touch), 'cached');
  });

  test('a checkout makes files in another order, with other inodes and owners', async () => {
    await using yard = await yardOf();
    for (const path of ['src/a', 'src/b/c', 'src/d']) yard.write(path, path);
    const again = () => {
      cpSync(join(yard.context, 'src'), join(yard.context, 'other'), { recursive: true });
      rmSync(join(yard.context, 'src'), { recursive: true });
      for (const path of ['src/d', 'src/b/c', 'src/a']) yard.write(path, path);
    };
    assert.equal(await secondTime(yard, 'COPY src /src', again), 'cached');
    assert.equal(lstatSync(join(yard.context, 'src/a')).uid, 0);
  });

  test('one record is missing: only its own step is built again', async () => {
    await using yard = await yardOf();
    yard.write('a', 'a');
    yard.write('b', 'b');
    const text = 'FROM base\nCOPY a /\nCOPY b /\nRUN make\n';
    await yard.build(text);
    yard.db.run('DELETE FROM build_cache WHERE inputs LIKE \'%"COPY\\",\\"b%\'');
    const { steps } = await yard.build(text);
    assert.deepEqual(
      [steps['COPY a /'], steps['COPY b /'], steps['RUN make']],
      ['cached', 'never built before', 'cached'],
    );
  });

  test('every one is explained, down to the file', async () => {
    await using yard = await yardOf();
    yard.write('src/a.ts', '1');
    const text = 'FROM base\nARG VERSION\nCOPY src /src\nRUN make\n';
    await yard.build(text, { buildArgs: { VERSION: '1' } });
    const arg = await yard.build(text, { buildArgs: { VERSION: '2' } });
    assert.equal(arg.steps['RUN make'], 'ARG VERSION changed');
    yard.write('src/a.ts', '2');
    assert.equal((await yard.build(text)).steps['COPY src /src'], 'src/a.ts changed');
    await yard.makeBase('base', rootfs => writeFileSync(join(rootfs, 'base'), '2'));
    assert.equal((await yard.build(text)).steps['COPY src /src'], 'base image moved');
  });
});

describe('pain 8, work that is done twice or for nothing:', { skip }, () => {
  test('two builds at the same time do the same step once', async () => {
    await using yard = await yardOf({ slowly: true });
    yard.write('Dockerfile', 'FROM base\nRUN make\n');
    const build = () => yard.builds.build({ context: yard.context, network: 'none' });
    const [first, second] = await Promise.all([build(), build()]);
    assert.equal(first.image, second.image);
    assert.deepEqual(yard.commands, ['make']);
  });

  test('two stages of one build that do the same do it once', async () => {
    await using yard = await yardOf({ slowly: true });
    const text =
      'FROM base AS a\nRUN make\nFROM base AS b\nRUN make\nFROM base\nCOPY --from=a / /a\nCOPY --from=b / /b\n';
    await yard.build(text, { jobs: 4 });
    assert.deepEqual(yard.commands, ['make']);
  });

  test('a build that waits for another one can be cancelled, and goes on where that one failed', async () => {
    let attempts = 0;
    const [cancel, isCancelled] = [new AbortController(), Promise.withResolvers<void>()];
    await using yard = makeYard({
      fakeRun: async (_, rootfs) => {
        attempts++;
        writeFileSync(join(rootfs, 'made'), '');
        if (attempts > 1) return 0;
        await sleep(200); // the others wait by now, or are about to
        cancel.abort();
        await isCancelled.promise;
        return 1;
      },
    });
    await yard.makeBase('base', rootfs => writeFileSync(join(rootfs, 'base'), '1'));
    yard.write('Dockerfile', 'FROM base\nRUN make\n');
    const build = (signal?: AbortSignal) =>
      yard.builds.build({ context: yard.context, network: 'none', ...(signal ? { signal } : {}) });
    const first = build();
    while (attempts === 0) await sleep(5); // it is the one at work
    const [failed, cancelled, goesOn] = await Promise.allSettled([
      first,
      build(cancel.signal).finally(isCancelled.resolve),
      build(),
    ]);
    assert.equal(failed.status, 'rejected');
    assert.ok(cancelled.status === 'rejected' && isPlimsollError(cancelled.reason, 'cancelled'));
    assert.equal(goesOn.status, 'fulfilled');
    assert.equal(attempts, 2);
    assert.deepEqual(yard.leftovers(), []);
  });

  test('a stage that nothing needs is not built, and its image not asked for', async () => {
    await using yard = await yardOf();
    await yard.build('FROM nowhere AS unused\nRUN never\nFROM base\nRUN make\n');
    assert.deepEqual(yard.commands, ['make']);
  });

  test('a linked copy waits for nothing below it', async () => {
    await using yard = await yardOf({ slowly: true });
    yard.write('f', 'x');
    const { events } = await yard.build('FROM base\nRUN make\nCOPY --link f /f\n', { jobs: 2 });
    const planned = events.find(event => event.kind === 'planned');
    const stepOf = (name: string) => planned?.steps.find(step => step.name.endsWith(name))?.id;
    const ended = events.flatMap(event => (event.kind === 'step-finished' ? [event.step] : []));
    assert.ok(ended.indexOf(stepOf('] COPY --link f /f') ?? -1) < ended.indexOf(stepOf('RUN make') ?? -1));
  });
});

describe('pain 4, a cache that throws away what was just built:', { skip }, () => {
  test('pruning frees the least recently used first, and keeps as much as it is told', async () => {
    await using yard = await yardOf();
    const sizes = { a: 1, b: 5000, c: 9000 };
    for (const [name, size] of Object.entries(sizes)) {
      yard.write(name, 'x'.repeat(size));
      yard.images.delete((await yard.build(`FROM base\nCOPY ${name} /\n`)).image);
      await sleep(5);
    }
    yard.images.delete((await yard.build('FROM base\nCOPY a /\n')).image);
    const all = await yard.builds.cacheUsage();
    const total = all.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    const layers = all.map(({ layer = '' }) => yard.layerFolder(layer));
    const du = execFileSync('du', ['-sc', '--block-size=1', ...layers], { encoding: 'utf8' });
    assert.equal(total, Number(/^(\d+)\ttotal$/m.exec(du)?.[1]), 'as du counts them');
    assert.equal((await yard.builds.pruneCache({ maxUsedBytes: total })).records, 0);
    const pruned = await yard.builds.pruneCache({ maxUsedBytes: total - 1 });
    assert.equal(pruned.records, 1, 'b was used before the others');
    assert.equal(pruned.reclaimedBytes, all.find(({ description }) => description === 'COPY b /')?.sizeBytes);
    const left = (await yard.builds.cacheUsage()).map(({ description }) => description);
    assert.deepEqual(left, ['COPY c /', 'COPY a /']);
    assert.equal((await yard.builds.pruneCache({ unusedForMs: 60_000 })).records, 0);
    assert.equal((await yard.builds.pruneCache({ unusedForMs: 0 })).records, 2);
  });

  test('pruning leaves what a running build needs', async () => {
    await using yard = await yardOf({ slowly: true });
    yard.write('f', 'x');
    const running = yard.build('FROM base\nCOPY f /\nRUN make\n', {
      onProgress: event => {
        if (event.kind !== 'step-started' || event.step !== 2) return;
        pruned = yard.builds.pruneCache();
      },
    });
    let pruned: ReturnType<typeof yard.builds.pruneCache> | undefined;
    const { image } = await running;
    assert.equal((await pruned)?.records, 0);
    await yard.inside(image, rootfs => assert.ok(lstatSync(join(rootfs, 'f')).isFile()));
  });

  test('a layer that an image has too is told, and stays when its record goes', async () => {
    await using yard = await yardOf();
    yard.write('f', 'xyz');
    const { image } = await yard.build('FROM base\nCOPY f /\n');
    const [record] = await yard.builds.cacheUsage();
    assert.deepEqual([record?.shared, record?.inUse], [true, false]);
    assert.deepEqual(await yard.builds.pruneCache(), { records: 1, reclaimedBytes: 0 });
    await yard.inside(image, rootfs => assert.ok(lstatSync(join(rootfs, 'f')).isFile()));
  });
});
