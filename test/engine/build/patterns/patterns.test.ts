import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  compileGlob,
  filterFromPatterns,
  parseIgnoreFile,
} from '../../../../src/engine/build/patterns/index.ts';

test('compileGlob() matches as Go does', () => {
  const table: readonly (readonly [pattern: string, path: string, matches: boolean])[] = [
    ['*', 'abc', true],
    ['*', 'a/b', false],
    ['*c', 'abc', true],
    ['a*/b', 'abc/b', true],
    ['a*/b', 'a/c/b', false],
    ['a?c', 'abc', true],
    ['a?c', 'a/c', false],
    ['ab[c]', 'abc', true],
    ['ab[b-d]', 'abc', true],
    ['ab[e-g]', 'abc', false],
    ['ab[^c]', 'abc', false],
    ['ab[^e-g]', 'abc', true],
    ['a[^b]c', 'a/c', false],
    ['a\\*b', 'a*b', true],
    ['a\\*b', 'axb', false],
    ['[\\]a]', ']', true],
    ['[\\-]', '-', true],
    ['[x\\-]', 'x', true],
    ['a.c', 'abc', false],
    ['file(1)+', 'file(1)+', true],
    ['☺*', '☺x', true],
  ];
  for (const [pattern, path, matches] of table) {
    assert.equal(compileGlob(pattern, { doubleStar: false })?.test(path), matches, `${pattern} ${path}`);
  }
});

test('compileGlob() refuses what Go calls a bad pattern', () => {
  for (const pattern of ['[]a]', '[-]', '[x-]', '[-x]', '[', '[^', '[^bc', 'a\\', '[b-a]', '[a-b-c]']) {
    assert.equal(compileGlob(pattern, { doubleStar: false }), undefined, pattern);
  }
});

test('parseIgnoreFile() follows docker, last match first', () => {
  const table: readonly (readonly [patterns: string, path: string, excluded: boolean])[] = [
    ['*', 'file', true],
    ['*/temp*', 'a/temporary', true],
    ['*/temp*', 'a/b/temp', false],
    ['**/*.go', 'main.go', true],
    ['**/*.go', 'a/b/main.go', true],
    ['**', 'a/b/c', true],
    ['a/**', 'a', false],
    ['a/**', 'a/b/c', true],
    ['a/**/c', 'a/c', true],
    ['a/**/c', 'a/b/x/c', true],
    ['a**/c', 'ab/x/c', true],
    ['dir', 'dir/deep/file', true],
    ['/dir', 'dir/file', true],
    ['./dir/', 'dir/file', true],
    ['dir\n!dir/keep', 'dir/keep', false],
    ['dir\n!dir/keep', 'dir/keep/below', false],
    ['dir\n!dir/keep', 'dir/other', true],
    ['!dir/keep\ndir', 'dir/keep', true],
    ['*.md\n!README*.md\nREADME-secret.md', 'README-secret.md', true],
    ['*.md\n!README*.md\nREADME-secret.md', 'README-x.md', false],
    ['# *.md\n  *.txt  ', 'a.md', false],
    ['# *.md\n  *.txt  ', 'a.txt', true],
    ['\\#a', '#a', true],
    ['*\n!src', 'src/a/b', false],
    ['a.c', 'abc', false],
    ['a/../b', 'b', true],
  ];
  for (const [patterns, path, excluded] of table) {
    assert.equal(
      parseIgnoreFile(patterns, '.dockerignore').excludes(path),
      excluded,
      `${patterns} | ${path}`,
    );
  }
});

test('parseIgnoreFile() names file and line of a malformed pattern', () => {
  assert.throws(() => parseIgnoreFile('ok\n[x\n', '.dockerignore'), {
    code: 'PATTERN_INVALID',
    message: '.dockerignore:2: the pattern "[x" is malformed',
  });
});

const segment = fc.constantFrom('a', 'b', 'ab', '.git', 'x y');
const path = fc.array(segment, { minLength: 1, maxLength: 5 }).map(parts => parts.join('/'));
const part = fc.constantFrom('a', 'b', '*', '**', 'a*', '?', '.git');
const pattern = fc
  .tuple(fc.boolean(), fc.array(part, { minLength: 1, maxLength: 4 }))
  .map(([negated, parts]) => `${negated ? '!' : ''}${parts.join('/')}`);

test('a folder that mayIncludeBelow() gives up holds nothing that is let in', () => {
  fc.assert(
    fc.property(fc.array(pattern, { maxLength: 6 }), path, segment, (patterns, folder, name) => {
      const filter = filterFromPatterns(patterns, 'test');
      if (!filter.excludes(folder) || filter.mayIncludeBelow(folder)) return;
      assert.ok(filter.excludes(`${folder}/${name}`), `${patterns} ${folder}/${name}`);
    }),
    { numRuns: 2000 },
  );
});

test('a pattern without wildcards excludes its path and everything below, and nothing else', () => {
  fc.assert(
    fc.property(path, path, (wanted, other) => {
      const filter = filterFromPatterns([wanted], 'test');
      assert.equal(filter.excludes(other), other === wanted || other.startsWith(`${wanted}/`));
    }),
  );
});
