import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { bytesToKeep, cacheLimitsOf } from '../../../src/engine/build/cache/cache-limits.ts';
import type { BuildProgress, CacheSettings } from '../../../src/engine/build/index.ts';
import { makeYard, type Yard } from './yard.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';
const gigabyte = 1e9;
const hour = 3_600_000;

test("the limits are BuildKit's, by the size of the disk, and as far as they are not set", () => {
  const limits = (sizeBytes: number, settings?: CacheSettings) => cacheLimitsOf({ sizeBytes }, settings);
  const of = (maxUsed: number, reserved: number, minFree: number) => ({
    maxUsedBytes: maxUsed * gigabyte,
    reservedBytes: reserved * gigabyte,
    minFreeBytes: minFree * gigabyte,
  });
  assert.deepEqual(limits(1000 * gigabyte), of(100, 10, 200));
  assert.deepEqual(limits(50 * gigabyte), of(40, 5, 10));
  assert.deepEqual(limits(50 * gigabyte, { maxUsed: { bytes: 2 * gigabyte } }), of(2, 2, 10));
  const shares = { maxUsed: { percent: 50 }, reserved: { percent: 2 }, minFree: { bytes: 0 } };
  assert.deepEqual(limits(50 * gigabyte, shares), of(25, 1, 0));
  assert.equal(limits(50 * gigabyte, { gc: false, maxUsed: { percent: 1 } }), undefined);
});

test('what may stay is the maximum, less what the disk lacks, but never less than what is reserved', () => {
  const keep = (
    maxUsedBytes: number | undefined,
    reservedBytes: number | undefined,
    minFreeBytes: number | undefined,
    free = 50,
  ) =>
    bytesToKeep(
      {
        ...(maxUsedBytes === undefined ? {} : { maxUsedBytes }),
        ...(reservedBytes === undefined ? {} : { reservedBytes }),
        ...(minFreeBytes === undefined ? {} : { minFreeBytes }),
      },
      { usedBytes: 40, freeBytes: () => free },
    );
  assert.equal(keep(undefined, undefined, undefined), undefined);
  assert.equal(keep(30, undefined, undefined), 30);
  assert.equal(keep(undefined, 10, undefined), 10, 'the older --keep-storage');
  assert.equal(keep(30, 10, 60), 30, '40 less the missing 10');
  assert.equal(keep(30, 10, 80), 10);
  assert.equal(keep(30, 20, 80), 20, 'reserved');
  assert.equal(keep(undefined, undefined, 50), 40, 'nothing is missing');
  assert.equal(keep(undefined, 5, 60), 30);
});

/** Steps run no process here; a command `make N` leaves N kilobytes of its own, or fills its cache mounts as much; `make N . FILE` waits for a file. */
async function yardOf(settings: CacheSettings | undefined, options: { free?: () => number } = {}) {
  let time = 1_700_000_000_000;
  const yard = makeYard({
    cacheSettings: async () => settings,
    clock: () => ++time,
    disk: () => ({ sizeBytes: 1000 * gigabyte, freeBytes: options.free?.() ?? 0 }),
    fakeRun: async (args, rootfs) => {
      const [, kilobytes, mount, pause] = (args.at(-1) ?? '').split(' ');
      const bytes = randomBytes(Number(kilobytes) * 1000);
      if (mount === 'mounted') {
        const base = join(yard.dataDir, 'mounts');
        for (const name of readdirSync(base)) writeFileSync(join(base, name, 'kept'), bytes);
      } else writeFileSync(join(rootfs, 'made'), bytes);
      if (mount === '.') while (!existsSync(pause ?? '')) await sleep(10);
      return 0;
    },
  });
  await yard.makeBase('base', rootfs => writeFileSync(join(rootfs, 'base'), '1'));
  return Object.assign(yard, {
    pass: (ms: number) => {
      time += ms;
    },
    /** Builds, forgets the image, and builds something else that needs nothing; what that said of the cache. */
    async and(text: string): Promise<string[]> {
      yard.images.delete((await yard.build(text)).image);
      return freed((await yard.build('FROM base\n')).events);
    },
    async used() {
      const records = await yard.builds.cacheUsage();
      return records.reduce((sum, { sizeBytes, shared }) => sum + (shared ? 0 : sizeBytes), 0);
    },
  });
}

/** What a build said of its cache. */
function freed(events: readonly BuildProgress[]): string[] {
  const planned = events.findLast(event => event.kind === 'planned');
  return (planned?.steps ?? []).map(({ name }) => name).filter(name => name.startsWith('free '));
}

const atMost = (kilobytes: number): CacheSettings => ({
  maxUsed: { bytes: kilobytes * 1000 },
  reserved: { bytes: 0 },
  minFree: { bytes: 0 },
});

async function left(yard: Yard): Promise<string[]> {
  return (await yard.builds.cacheUsage()).map(({ description }) => description.replace('/bin/sh -c ', ''));
}

describe('pain 4, a cache without a bound:', { skip }, () => {
  test('a cache stays within its limit over many builds, and each says what had to go', async () => {
    await using yard = await yardOf(atMost(1000));
    const said: string[] = [];
    for (let round = 0; round < 12; round++) {
      said.push(...(await yard.and(`FROM base\nRUN make 200 # ${round}\n`)));
      assert.ok((await yard.used()) <= 1_000_000, String(await yard.used()));
    }
    assert.equal(said.length, 8, 'from the fifth on');
    assert.match(
      said[0] ?? '',
      /^free 2\d\d KiB of the build cache, to keep it within 977 KiB: 1 layer, not used for/,
    );
    const layers = readdirSync(join(yard.dataDir, 'layers')).map(name => join(yard.dataDir, 'layers', name));
    const du = execFileSync('du', ['-sc', '--block-size=1', ...layers], { encoding: 'utf8' });
    assert.ok(Number(/^(\d+)\ttotal$/m.exec(du)?.[1]) < 1_050_000, 'on the disk too');
  });

  test('cache mounts count; those unused for two days go first, then what was used least recently', async () => {
    await using yard = await yardOf(atMost(1000));
    await yard.and('FROM base\nRUN make 300 # old\n');
    await yard.and('FROM base\nRUN make 200 # young\n');
    await yard.and('FROM base\nRUN --mount=type=cache,target=/c make 300 mounted\n');
    assert.deepEqual(await yard.and('FROM base\nRUN make 100\n'), [], 'all of it has room');
    yard.pass(49 * hour);
    assert.deepEqual(await yard.and('FROM base\nRUN make 300 # old\n'), [], 'it is used again');
    const [said = ''] = await yard.and('FROM base\nRUN make 250\n');
    assert.match(said, /^free (29\d|300) KiB .*: 1 cache mount, not used for 2d 1h$/);
    assert.deepEqual(readdirSync(join(yard.dataDir, 'mounts')), []);
    const [more = ''] = await yard.and('FROM base\nRUN make 260\n');
    assert.match(more, /: 1 layer, /);
    assert.ok(!(await left(yard)).includes('RUN make 200 # young'), 'it was used before the others');
  });

  test('a mount that is young waits its turn like everything else', async () => {
    await using yard = await yardOf(atMost(700));
    await yard.and('FROM base\nRUN make 300 # old\n');
    await yard.and('FROM base\nRUN --mount=type=cache,target=/c make 300 mounted\n');
    yard.pass(47 * hour);
    await yard.and('FROM base\nRUN make 300\n');
    assert.equal(readdirSync(join(yard.dataDir, 'mounts')).length, 1);
    assert.ok(!(await left(yard)).includes('RUN make 300 # old'));
  });

  test('of the layers of one build the uppermost goes first: what is below serves without it', async () => {
    await using yard = await yardOf(atMost(700));
    await yard.and('FROM base\nRUN make 200 # below\nRUN make 200 # above\n');
    await yard.and('FROM base\nRUN make 200 # other\n');
    await yard.and('FROM base\nRUN make 200 # last\n');
    assert.deepEqual(await left(yard), [
      'RUN make 200 # below',
      'RUN make 200 # other',
      'RUN make 200 # last',
    ]);
  });

  test('what the build itself has used stays, however large, and so does what an image has', async () => {
    await using yard = await yardOf(atMost(100));
    const { image } = await yard.build('FROM base\nRUN make 300 # imaged\n');
    const text =
      'FROM base AS tools\nRUN make 300\nRUN make 301\nFROM base\nCOPY --from=tools /made /other\n';
    const { events } = await yard.build(text);
    assert.deepEqual([freed(events), (await left(yard)).length], [[], 5]);
    const { steps } = await yard.build(text);
    assert.ok(Object.values(steps).every(outcome => outcome === 'cached'));
    const [said = ''] = freed((await yard.build('FROM base\n')).events);
    assert.match(said, /2 layers/);
    await yard.inside(image, rootfs => assert.ok(lstatSync(join(rootfs, 'made')).isFile()));
  });

  test('nothing that a running build needs goes, also where several end at once', async () => {
    await using yard = await yardOf(atMost(100));
    const go = join(yard.folder, 'go');
    const running = yard.build(`FROM base\nRUN make 300\nRUN make 10 . ${go}\n`, { context: yard.context });
    while (yard.commands.length < 2) await sleep(10);
    const others = [1, 2, 3].map(async number => {
      const context = join(yard.folder, `context-${number}`);
      execFileSync('mkdir', [context]);
      writeFileSync(join(context, 'Dockerfile'), `FROM base\nRUN make 20${number}\nRUN make 10${number}\n`);
      return await yard.builds.build({ context, network: 'none' });
    });
    const ended = await Promise.all(others);
    await yard.builds.build({ context: join(yard.folder, 'context-1'), network: 'none' });
    assert.ok((await left(yard)).includes('RUN make 300'), 'it goes on');
    writeFileSync(go, '');
    const images = [await running, ...ended].map(({ image }) => image);
    for (const image of images)
      await yard.inside(image, rootfs => assert.ok(existsSync(join(rootfs, 'made')), image));
    assert.deepEqual(yard.leftovers(), []);
  });

  test('where the disk is short, the cache gives back what is missing, down to what is reserved', async () => {
    let free = 400_000;
    await using yard = await yardOf(
      { maxUsed: { bytes: gigabyte }, reserved: { bytes: 500_000 }, minFree: { bytes: 400_000 } },
      { free: () => free },
    );
    for (const name of 'abcd') await yard.and(`FROM base\nRUN make 200 # ${name}\n`);
    assert.equal((await left(yard)).length, 4);
    free = 250_000;
    await yard.build('FROM base\nRUN make 1\n');
    assert.deepEqual(
      (await left(yard)).filter(name => name.includes('200')),
      ['b', 'c', 'd'].map(name => `RUN make 200 # ${name}`),
    );
    free = 0;
    await yard.build('FROM base\nRUN make 2\n');
    assert.equal((await left(yard)).filter(name => name.includes('200')).length, 2, 'reserved');
  });

  test('a user who wants no limit has none', async () => {
    await using yard = await yardOf({ ...atMost(1), gc: false });
    for (let round = 0; round < 3; round++)
      assert.deepEqual(await yard.and(`FROM base\nRUN make 200 # ${round}\n`), []);
    assert.equal((await left(yard)).length, 3);
    assert.equal(await yard.builds.cacheLimits(), undefined);
  });

  test('with 10,000 records it takes a moment to see that all is well, and little more to throw a thousand away', async () => {
    await using yard = await yardOf(atMost(30_000_000));
    const layer =
      'INSERT INTO layers (diff_id, dir, size, tar_size, created) VALUES (?, ?, 1000000, 1100000, 0)';
    const record = "INSERT INTO build_cache VALUES (?, 'step', ?, ?, 1000000, 0, ?)";
    yard.db.transaction(() => {
      for (let at = 0; at < 10_000; at++) {
        const diffId = `sha256:${String(at).padStart(64, '0')}`;
        const parents = at % 10 === 0 ? [] : [`sha256:${String(at - 1).padStart(64, '0')}`];
        yard.db.run(layer, diffId, `none-${at}`);
        yard.db.run(record, String(at), diffId, JSON.stringify({ instruction: '["RUN"]', parents }), at);
      }
    });
    await yard.and('FROM base\nRUN make 1\n'); // whatever comes up once only
    const started = performance.now();
    await yard.and('FROM base\nRUN make 2\n');
    const milliseconds = performance.now() - started;
    assert.ok(milliseconds < 20_000, `the whole build took ${milliseconds} ms`);
    assert.equal(
      yard.db.all('SELECT 1 FROM layers WHERE disk_bytes IS NOT NULL').length,
      0,
      'no file was looked at',
    );
    yard.db.run('UPDATE layers SET disk_bytes = 3_300_000');
    const before = performance.now();
    const [said = ''] = freed((await yard.build('FROM base\n')).events);
    const taken = performance.now() - before;
    assert.match(said, /: 91\d layers, /);
    assert.ok(taken < 60_000, `it took ${taken} ms`);
  });
});
