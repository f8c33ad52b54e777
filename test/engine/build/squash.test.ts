import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openBuildRoot } from '../../support/build-root.ts';
import { noRoot } from '../../support/layer-root.ts';

/** What commands do to a root filesystem, by name. */
const commands: Readonly<Record<string, (rootfs: string) => void>> = {
  fill: rootfs => {
    for (const name of ['gone', 'old', 'kept']) {
      mkdirSync(join(rootfs, name), { recursive: true });
      writeFileSync(join(rootfs, name, 'file'), name);
    }
    writeFileSync(join(rootfs, 'text'), 'base');
  },
  change: rootfs => {
    rmSync(join(rootfs, 'gone'), { recursive: true });
    rmSync(join(rootfs, 'old'), { recursive: true });
    writeFileSync(join(rootfs, 'text'), 'once');
    writeFileSync(join(rootfs, 'passing'), 'x');
  },
  again: rootfs => {
    mkdirSync(join(rootfs, 'old'));
    writeFileSync(join(rootfs, 'old/new'), 'new');
    writeFileSync(join(rootfs, 'text'), 'twice');
    rmSync(join(rootfs, 'passing'));
    writeFileSync(join(rootfs, 'kept/more'), 'more');
  },
};

test('--squash makes one layer over the base, in which the same files are seen', {
  skip: noRoot,
}, async () => {
  using root = openBuildRoot({
    fakeRun: (args, rootfs) => {
      commands[args.at(-1) ?? '']?.(rootfs);
      return 0;
    },
  });
  await root.build('FROM scratch\nRUN fill\n', { tags: ['localhost/base'] });
  const text = 'FROM localhost/base\nRUN change\nENV A=b\nRUN again\n';
  const plain = await root.build(text);
  const squashed = await root.build(text, { squash: true });
  assert.equal(squashed.steps['RUN again'], 'cached', 'steps are cached as ever');
  const { layers, config } = root.images.resolve(squashed.image);
  assert.equal(layers.length, 2);
  assert.deepEqual(await seen(root, layers), await seen(root, root.images.resolve(plain.image).layers));
  assert.equal(config.history.filter(entry => entry.empty_layer !== true).length, 2);
  assert.ok(config.config.Env?.includes('A=b'));
  assert.equal((await root.build(text, { squash: true })).image, squashed.image);
});

async function seen(root: ReturnType<typeof openBuildRoot>, layers: readonly string[]) {
  await using staged = await root.snapshots.stage(layers);
  const paths = readdirSync(staged.target, { recursive: true, encoding: 'utf8' }).sort();
  assert.ok(!existsSync(join(staged.target, 'old/file')));
  return paths.map(path => {
    try {
      return `${path}: ${readFileSync(join(staged.target, path), 'utf8')}`;
    } catch {
      return path;
    }
  });
}
