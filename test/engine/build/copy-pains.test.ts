import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openBuildRoot } from '../../support/build-root.ts';
import { noRoot } from '../../support/layer-root.ts';

const files = 2000;
const bytesOfFile = 8192;

/** Bytes that this process has read by read(2) and its like, and programs that it has started. */
function effort(): { read: number; children: number } {
  const read = Number(/^rchar: (\d+)/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);
  const children = Number(readFileSync('/proc/self/stat', 'utf8').split(' ')[10]); // minor faults of those waited for
  return { read, children };
}

test('pain 7: a copy of thousands of files reads each of them once to know it and once to copy it, and not at all when it is cached', {
  skip: noRoot,
}, async () => {
  using root = openBuildRoot({ clock: () => Date.now() + 60_000 }); // files are old enough to be remembered
  for (let folder = 0; folder < 20; folder++) {
    mkdirSync(join(root.context, `d${folder}`));
    for (let file = 0; file < files / 20; file++)
      writeFileSync(join(root.context, `d${folder}/f${file}`), `${folder} ${file}`.padEnd(bytesOfFile, '.'));
  }
  const all = files * bytesOfFile;
  const text = 'FROM scratch\nCOPY . /all/\n';
  const measured = async () => {
    const before = effort();
    await root.build(text);
    const after = effort();
    return { read: after.read - before.read, children: after.children - before.children };
  };
  const cold = await measured();
  assert.ok(
    cold.read < 3.5 * all,
    `${cold.read} of ${all} bytes were read: digest, copy and the layer's tar`,
  );
  assert.equal(cold.children, 0, 'no program is started for it');
  const cached = await measured();
  assert.ok(cached.read < all / 4, `${cached.read} of ${all} bytes were read again`);
});

test('pain 9: a build packs nothing: layers are packed when they are pushed', { skip: noRoot }, async () => {
  using root = openBuildRoot();
  root.write('file', 'x'.repeat(100_000));
  const { image } = await root.build('FROM scratch\nCOPY file /\n');
  assert.deepEqual(root.db.all('SELECT * FROM layer_blobs'), []);
  const { layers } = root.images.resolve(image);
  const papers = root.db.all('SELECT digest, size FROM blobs');
  assert.equal(papers.length, 2, 'its config and its manifest');
  assert.ok(papers.every(({ size }) => Number(size) < 10_000));
  assert.equal(layers.length, 1);
});
