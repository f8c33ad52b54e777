import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { makeYard } from './yard.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root';

/** Steps run no process here: what they would run is counted, and a file is written in its place. */
const yardOf = async () => {
  let count = 0;
  const yard = makeYard({
    fakeRun: (_, rootfs) => {
      writeFileSync(join(rootfs, 'made'), String(++count));
      return 0;
    },
  });
  await yard.makeBase('base', rootfs => writeFileSync(join(rootfs, 'base'), '1'));
  return yard;
};

describe('the build cache', { skip }, () => {
  test('serves a whole second build, which makes the very same image', async () => {
    await using yard = await yardOf();
    yard.write('a.txt', 'a');
    const dockerfile = 'FROM base\nCOPY a.txt /x/\nRUN make\nWORKDIR /new\nENV A=1\n';
    const first = await yard.build(dockerfile);
    assert.deepEqual(first.steps, {
      'FROM base': 'cached',
      'COPY a.txt /x/': 'never built before',
      'RUN make': 'never built before',
      'WORKDIR /new': 'never built before',
      'ENV A=1': 'cached',
    });
    const second = await yard.build(dockerfile);
    assert.deepEqual(new Set(Object.values(second.steps)), new Set(['cached']));
    assert.equal(second.image, first.image);
    assert.equal(yard.commands.length, 1);
    assert.deepEqual(yard.leftovers(), []);
  });

  test('names the ARG, ENV, file, setting or instruction that changed', async () => {
    await using yard = await yardOf();
    yard.write('src/a.ts', '1');
    yard.write('src/b.ts', '1');
    const dockerfile = 'FROM base\nARG VERSION\nARG OTHER\nCOPY src /src\nRUN make\n';
    await yard.build(dockerfile, { buildArgs: { VERSION: '1' } });
    const arg = await yard.build(dockerfile, { buildArgs: { VERSION: '2' } });
    assert.equal(arg.steps['RUN make'], 'ARG VERSION changed');
    assert.equal(arg.steps['COPY src /src'], 'cached', 'an ARG is no part of what COPY does');
    const added = await yard.build(dockerfile, { buildArgs: { VERSION: '2', OTHER: 'x' } });
    assert.equal(added.steps['RUN make'], 'ARG OTHER is new');
    const env = await yard.build(`FROM base\nENV E=1\nCOPY src /src\nRUN make\n`);
    assert.match(env.steps['RUN make'] ?? '', /^ARG VERSION is gone/);
    yard.write('src/a.ts', '2');
    const file = await yard.build(dockerfile, { buildArgs: { VERSION: '2', OTHER: 'x' } });
    assert.equal(file.steps['COPY src /src'], 'src/a.ts changed');
    assert.equal(file.steps['RUN make'], 'an earlier step changed');
    yard.write('src/c.ts', '1');
    assert.equal((await yard.build(dockerfile)).steps['COPY src /src'], 'src/c.ts is new');
    renameSync(join(yard.context, 'src/c.ts'), join(yard.context, 'src/d.ts'));
    assert.match((await yard.build(dockerfile)).steps['COPY src /src'] ?? '', /is new \(and 1 more\)/);
  });

  test('names the ENV and the WORKDIR that changed under a RUN', async () => {
    await using yard = await yardOf();
    const dockerfile = (value: string, folder: string) =>
      `FROM base\nENV E=${value}\nWORKDIR ${folder}\nRUN make\n`;
    await yard.build(dockerfile('1', '/'));
    assert.equal((await yard.build(dockerfile('2', '/'))).steps['RUN make'], 'ENV E changed');
    const user = await yard.build('FROM base\nENV E=2\nUSER 5\nRUN make\n');
    assert.equal(user.steps['RUN make'], 'USER changed');
  });

  test('says that the base image moved', async () => {
    await using yard = await yardOf();
    await yard.build('FROM base\nRUN make\n');
    await yard.makeBase('base', rootfs => writeFileSync(join(rootfs, 'base'), '2'));
    assert.equal((await yard.build('FROM base\nRUN make\n')).steps['RUN make'], 'base image moved');
  });

  test('keys COPY --from by the files, not by the stage that they come from', async () => {
    await using yard = await yardOf();
    await yard.makeBase('tools', rootfs => {
      mkdirSync(join(rootfs, 'out'));
      writeFileSync(join(rootfs, 'out/app'), 'app');
    });
    const dockerfile = (text: string) =>
      `FROM tools AS b\nRUN ${text}\nFROM base\nCOPY --from=b /out /app\nRUN last\n`;
    await yard.build(dockerfile('one'));
    const { steps } = await yard.build(dockerfile('two'));
    assert.equal(steps['RUN two'], 'never built before');
    assert.equal(steps['COPY --from=b /out /app'], 'cached');
    assert.equal(steps['RUN last'], 'cached');
    assert.deepEqual(yard.commands, ['one', 'last', 'two']);
  });

  test('goes on with the layer of before where a step that ran again made the same files', async () => {
    let text = 'same';
    let time = 1_000_000_000;
    let mode = 0o644;
    await using yard = makeYard({
      fakeRun: (_, rootfs) => {
        writeFileSync(join(rootfs, 'made'), text);
        chmodSync(join(rootfs, 'made'), mode);
        utimesSync(join(rootfs, 'made'), ++time, time);
        return 0;
      },
    });
    await yard.makeBase('base', rootfs => writeFileSync(join(rootfs, 'base'), '1'));
    yard.write('a', 'a');
    const dockerfile = 'FROM base\nARG V\nRUN make\nCOPY a /\n';
    const build = (V: string, request = {}) => yard.build(dockerfile, { buildArgs: { V }, ...request });
    const layers = () => yard.db.all('SELECT * FROM layers').length;
    const first = await build('1');
    const there = layers();
    const second = await build('2');
    assert.equal(second.steps['RUN make'], 'ARG V changed; it made the same files as before');
    assert.equal(second.steps['COPY a /'], 'cached');
    assert.deepEqual(second.config.rootfs, first.config.rootfs);
    assert.equal(layers(), there, 'the layer that was made again is not kept');
    assert.equal((await build('2')).steps['RUN make'], 'cached');
    text = 'diff';
    const third = await build('3');
    assert.equal(third.steps['RUN make'], 'ARG V changed');
    assert.equal(third.steps['COPY a /'], 'an earlier step changed');
    mode = 0o600;
    assert.equal((await build('4')).steps['RUN make'], 'ARG V changed', 'a mode is no time');
    const fresh = await build('4', { noCache: true });
    assert.notDeepEqual(fresh.config.rootfs, first.config.rootfs, 'who wants it fresh gets it fresh');
    assert.deepEqual(yard.leftovers(), []);
  });

  test('is off with noCache, and pruned to nothing', async () => {
    await using yard = await yardOf();
    const dockerfile = 'FROM base\nRUN make\n';
    const forget = ({ image }: { image: string }) => yard.images.delete(image);
    forget(await yard.build(dockerfile));
    const anew = await yard.build(dockerfile, { noCache: true });
    assert.equal(anew.steps['RUN make'], 'the cache is off');
    forget(anew);
    const layers = () => yard.db.all('SELECT * FROM layers').length;
    assert.equal(layers(), 2, 'the layer that was built anew took the place of the old one');
    const pruned = await yard.builds.pruneCache();
    assert.deepEqual([pruned.records, layers()], [1, 1]);
    assert.ok(
      pruned.reclaimedBytes >= 4096,
      `what the disk gets back for a file of one byte: ${pruned.reclaimedBytes}`,
    );
    assert.equal((await yard.build(dockerfile)).steps['RUN make'], 'never built before');
  });
});
