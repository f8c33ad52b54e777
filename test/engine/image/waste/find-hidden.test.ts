import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hiddenFinder } from '../../../../src/engine/image/waste/find-hidden.ts';
import type { LayerEntry } from '../../../../src/engine/snapshot/index.ts';

type Short = readonly [path: string, kind: LayerEntry['kind'] | 'opaque', bytes?: number, inode?: number];

/** Hidden files as `path bytes layer>hiddenBy how`. */
function hiddenIn(...layers: readonly (readonly Short[])[]): string[] {
  const finder = hiddenFinder();
  for (const layer of layers) {
    for (const [path, kind, bytes = 0, inode] of layer) {
      finder.add({
        path,
        kind: kind === 'opaque' ? 'folder' : kind,
        bytes,
        isOpaque: kind === 'opaque',
        ...(inode === undefined ? {} : { inode }),
      });
    }
    finder.endLayer();
  }
  return finder
    .hidden()
    .map(({ path, bytes, layer, hiddenBy, how }) => `${path} ${bytes} ${layer}>${hiddenBy} ${how}`);
}

const base: readonly Short[] = [
  ['d', 'folder'],
  ['d/a', 'file', 10],
  ['d/b', 'file', 20],
];

test('what no later layer touches is not hidden', () => {
  assert.deepEqual(
    hiddenIn(
      base,
      [['e', 'file', 5]],
      [
        ['d', 'folder'],
        ['d/c', 'file', 1],
      ],
    ),
    [],
  );
});

test('a file is hidden by another of its name, and that by a third', () => {
  assert.deepEqual(hiddenIn(base, [['d/a', 'file', 11]], [['d/a', 'other']]), [
    'd/a 10 0>1 overwritten',
    'd/a 11 1>2 overwritten',
  ]);
});

test('a deleted folder hides all that was in it, once', () => {
  const deleted = ['d/a 10 0>1 deleted', 'd/b 20 0>1 deleted'];
  assert.deepEqual(hiddenIn(base, [['d', 'whiteout']], [['d', 'whiteout']]), deleted);
  assert.deepEqual(
    hiddenIn(base, [
      ['d', 'opaque'],
      ['d/a', 'file', 1],
    ]),
    deleted,
  );
  assert.deepEqual(hiddenIn(base, [['nothing/here', 'whiteout']]), []);
});

test('a file in place of a folder hides it, and a folder in place of a file', () => {
  assert.deepEqual(
    hiddenIn(
      base,
      [['d', 'file', 3]],
      [
        ['d', 'folder'],
        ['d/a', 'file', 4],
      ],
    ),
    ['d/a 10 0>1 overwritten', 'd/b 20 0>1 overwritten', 'd 3 1>2 overwritten'],
  );
});

test('a file with several names is hidden with the last of them', () => {
  const linked: readonly Short[] = [
    ['x', 'file', 9, 7],
    ['y', 'file', 9, 7],
  ];
  assert.deepEqual(hiddenIn(linked, [['x', 'whiteout']]), []);
  assert.deepEqual(hiddenIn(linked, [['x', 'whiteout']], [['y', 'file', 1]]), ['y 9 0>2 overwritten']);
});

test('what a layer deletes and a later one brings back is hidden still', () => {
  assert.deepEqual(hiddenIn(base, [['d/a', 'whiteout']], [['d/a', 'file', 10]]), ['d/a 10 0>1 deleted']);
});
