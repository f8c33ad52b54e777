import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as breathe } from 'node:timers/promises';
import { createEngine, type Engine, type Root } from '../../src/engine/index.ts';
import { noEngine, rootOfOwn } from '../support/root-of-own.ts';
import { type CliOptions, runPlimsoll } from '../support/run-cli.ts';
import { createFrames } from '../support/usage-frames.ts';

const MiB = 1024 ** 2;

/** Containers and what is recorded of them; the machine is the one of `createFrames`. */
test('advise, on a real root', { skip: noEngine }, async t => {
  await using own = await rootOfOwn();
  const { root } = own;
  const plimsoll = (words: string, options: CliOptions = {}) =>
    runPlimsoll(words.split(' '), { root, ...options });
  const ids = await startContainers(root, {
    large: { cpus: 1, memoryBytes: 512 * MiB },
    free: {},
    young: { cpus: 1 },
  });

  await t.test('says so if nothing is recorded', async () => {
    const { code, stdout, stderr } = await plimsoll('advise');
    assert.equal(code, 0);
    assert.match(stderr, /nothing is recorded yet/);
    assert.equal(stdout.match(/not enough data/g)?.length, 3);
  });

  await recordHours(root, [ids.large, ids.free], 12);

  await t.test('lists what containers need, most to save first', async () => {
    const { stdout } = await plimsoll('advise');
    const lines = stdout.split('\n').map(line => line.split(/ {2,}/));
    assert.deepEqual(
      lines.slice(1, 4).map(([name, verdict]) => [name, verdict]),
      [
        ['large', 'too large'],
        ['free', 'unlimited'],
        ['young', 'not enough data'],
      ],
    );
    // 0.2 cores and 15 %, and 20 % as half a day is short: 0.28; 100 MiB likewise: 138 MiB.
    assert.deepEqual(lines[1]?.slice(2, 10), [
      '0.2',
      '1',
      '0.28',
      '0.72',
      '100 MiB',
      '512 MiB',
      '138 MiB',
      '374 MiB',
    ]);
    assert.equal(lines[1]?.at(-1), '12h');
    const [row] = JSON.parse((await plimsoll('advise --json large')).stdout);
    assert.deepEqual([row.name, row.advice.cpu.needed, row.advice.memory.needed], ['large', 0.28, 138 * MiB]);
    assert.match((await plimsoll('advise --csv')).stdout, /^large,too large,0\.19\d*,.*,1,0\.28,0\.72,/m);
    assert.match((await plimsoll('advise --md')).stdout, /^\| large \| too large \|/m);
    assert.equal((await plimsoll('advise -q large')).stdout, 'large\n');
    const stretched = await plimsoll('advise --json --memory-headroom 100% large');
    assert.equal(JSON.parse(stretched.stdout)[0].advice.memory.needed, 240 * MiB);
  });

  await t.test('tells why, with a chart', async () => {
    const { stdout } = await plimsoll('advise --why large');
    assert.match(stdout, /^large: too large\n {2}window {4}12h measured in \d+ points, within 12h/m);
    assert.match(stdout, /^ {2}cores {5}P50 0\.2, P95 0\.2, P99 0\.2, max 0\.2, limit 1$/m);
    assert.match(stdout, /^ {12}[▂ ]{60} of 1$/m);
    assert.match(
      stdout,
      /needed {2}0\.28, which frees 0\.72\n {12}P99 of 0\.2 cores \+ 15% headroom \+ 20% for 12h of history/,
    );
    assert.match((await plimsoll('advise --why young')).stdout, /advice needs 3h and 100 points/);
  });

  await t.test('prints limits for elsewhere', async () => {
    const { code, stdout, stderr } = await plimsoll('advise --export docker');
    assert.equal(code, 0);
    assert.equal(stdout.split('\n')[0], 'docker update --cpus 0.28 --memory 138m --memory-swap 276m large');
    assert.match(stderr, /young is left out/);
    const [update = ''] = (await plimsoll('advise --export plimsoll large')).stdout.split('\n');
    assert.equal(
      (await plimsoll(update.replace('plimsoll update', 'update'))).code,
      0,
      'and takes them back',
    );
    await plimsoll('update --cpus 1 --memory 512m large');
    assert.equal((await plimsoll('advise --export compose young')).code, 1);
    for (const words of ['--export nomad', '--why --apply', '--cpu-percentile 10', '--since yore'])
      assert.equal((await plimsoll(`advise ${words}`)).code, 1, words);
  });

  await t.test('changes limits only after a yes, and gives them back', async () => {
    const nobody = await plimsoll('advise --apply', { input: '' });
    assert.equal(nobody.code, 1);
    assert.match(nobody.stderr, /no terminal.*\n.*--yes/);
    assert.match(nobody.stderr, /^large +1 -> 0\.28 +512 MiB -> 138 MiB +-$/m);
    assert.doesNotMatch(nobody.stderr, /free|young/, 'what has no limits is left alone');
    assert.deepEqual((await limitsOf(root, 'large')).cpus, 1);

    const applied = await plimsoll('advise --apply --yes');
    assert.deepEqual([applied.code, applied.stdout], [0, 'large\n']);
    assert.match(applied.stderr, /--undo gives/);
    assert.deepEqual(await limitsOf(root, 'large'), { cpus: 0.28, memoryBytes: 138 * MiB });
    assert.match((await plimsoll('advise large')).stdout, /^large +fits /m);
    assert.match((await plimsoll('advise --apply')).stderr, /nothing to change/);

    const undone = await plimsoll('advise --undo -y');
    assert.deepEqual([undone.code, undone.stdout], [0, 'large\n']);
    assert.match(undone.stderr, /^large +0\.28 -> 1 +138 MiB -> 512 MiB +-$/m);
    assert.deepEqual(await limitsOf(root, 'large'), { cpus: 1, memoryBytes: 512 * MiB });
    assert.match((await plimsoll('advise --undo -y')).stderr, /nothing to give back/);
  });

  await t.test('limits what has no limits only by name', async () => {
    const early = await plimsoll('advise --apply -y young');
    assert.equal(early.code, 1);
    assert.match(early.stderr, /no advice for "young" yet\n.*3h and 100 points/);
    assert.equal((await plimsoll('advise --apply -y free')).stdout, 'free\n');
    assert.deepEqual(await limitsOf(root, 'free'), { cpus: 0.56, memoryBytes: 276 * MiB });
    assert.match(
      (await plimsoll('advise --undo -y free')).stderr,
      /^free +0\.56 -> no limit +276 MiB -> no limit/m,
    );
    assert.deepEqual(await limitsOf(root, 'free'), {});
  });
});

async function startContainers(
  root: Root,
  wanted: Readonly<Record<string, { cpus?: number; memoryBytes?: number }>>,
): Promise<Record<string, string>> {
  await using engine = await createEngine({ root });
  const ids: Record<string, string> = {};
  for (const [name, limits] of Object.entries(wanted)) {
    const command = ['sleep', '1000'];
    const { id } = await engine.containers.create({
      image: 'busybox',
      name,
      command,
      network: 'none',
      limits,
    });
    await engine.containers.start(id);
    ids[name] = id;
  }
  return ids;
}

/** Writes a history that ends now: the first container uses 0.2 cores and 100 MiB, the next twice that, and so on. */
async function recordHours(root: Root, ids: readonly (string | undefined)[], hours: number): Promise<void> {
  await using engine = await createEngine({ root });
  const frameAt = createFrames(ids.length, (_, i) => ({ cpu: 0.2 * (i + 1), memory: 100 * MiB * (i + 1) }));
  const frame = (second: number) => {
    const { host, containers } = frameAt(second);
    const renamed = [...containers.values()].map((usage, i) => [ids[i] ?? '', usage] as const);
    return { host, containers: new Map(renamed) };
  };
  const now = Math.floor(Date.now() / 10_000) * 10;
  await using recorder = engine.history.record();
  recorder.add(frame(now - hours * 3600 - 20));
  while (!recorder.writes) await breathe();
  for (let second = now - hours * 3600 - 10; second < now; second += 10) recorder.add(frame(second));
}

async function limitsOf(
  root: Root,
  name: string,
): Promise<ReturnType<Engine['containers']['inspect']>['limits']> {
  await using engine = await createEngine({ root });
  return engine.containers.inspect(name).limits;
}
