import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cellWidth, cutCells, fitCells, skipCells, wrapCells, wrapWords } from '../../src/lib/cell-text.ts';

const text = fc.string({ unit: fc.constantFrom('a', 'Z', ' ', 'é', '界', '👩‍👩‍👧', 'e\u0301', '█', '─') });

test('cellWidth() counts what a terminal shows', () => {
  assert.equal(cellWidth('abc'), 3);
  assert.equal(cellWidth('界'), 2);
  assert.equal(cellWidth('e\u0301'), 1);
  assert.equal(cellWidth('\u001b[31mred\u001b[0m'), 3);
});

test('fitCells() gives exactly the width, whatever the text', () => {
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 20 }), (value, width) =>
      assert.equal(cellWidth(fitCells(value, width)), width),
    ),
  );
  assert.equal(fitCells('12', 5, 'right'), '   12');
});

test('cutCells() keeps colour codes whole and closes them', () => {
  assert.equal(cutCells('\u001b[31mredder\u001b[0m', 4), '\u001b[31mred\u001b[0m…');
});

test('wrapCells() loses nothing, and no line is too wide', () => {
  fc.assert(
    fc.property(text, fc.integer({ min: 2, max: 12 }), (value, width) => {
      const lines = wrapCells(value, width);
      assert.equal(lines.join(''), value);
      for (const line of lines) assert.ok(cellWidth(line) <= width);
    }),
  );
});

test('skipCells() drops cells from the start and keeps colours that began there', () => {
  assert.equal(skipCells('abcdef', 2), 'cdef');
  assert.equal(skipCells('\u001b[31mabc', 1), '\u001b[31mbc');
});

test('wrapWords() breaks between words, and a word only where it must', () => {
  assert.deepEqual(wrapWords('the disk is full', 8), ['the disk', 'is full']);
  assert.deepEqual(wrapWords('short', 8), ['short']);
  assert.deepEqual(wrapWords('of /var/lib/plimsoll it', 8), ['of', '/var/lib', '/plimsol', 'l it']);
  assert.deepEqual(wrapWords('', 8), ['']);
  assert.deepEqual(wrapWords('船 船船 船', 4), ['船', '船船', '船']);
});
