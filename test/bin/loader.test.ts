import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';

const bin = resolve(import.meta.dirname, '../../bin');

/** Prints of each part that is loaded whether its bytecode was taken. */
const spy = `
const vm = require('node:vm');
vm.Script = class extends vm.Script {
  constructor(source, options) {
    super(source, options);
    console.log(require('node:path').basename(options.filename, '.js'), this.cachedDataRejected);
  }
};`;

const app = `
const late = require('lazy:part:late#door.ts');
const util = require('lazy:node:util');
console.log('app runs');
if (process.argv[2] === 'all') console.log(late.twice(21), util.format('%d', 1), require('part:late#door.ts') !== late);`;
const late = `
console.log('late loads');
exports['door.ts'] = { twice: n => 2 * n };`;

test('the loader loads a part when something of it is used, once', t => {
  const folder = makeBundle(t);
  assert.deepEqual(run(folder), ['app undefined', 'app runs']);
  assert.deepEqual(run(folder, ['all']), [
    'app undefined',
    'app runs',
    'late undefined',
    'late loads',
    '42 1 true',
  ]);
});

test('compile.cjs keeps the bytecode of every part, loaded or not, and the loader takes it', t => {
  const folder = makeBundle(t);
  const { status, stdout } = node(['--require', join(bin, 'compile.cjs'), join(folder, 'main.cjs')]);
  assert.deepEqual([status, stdout], [0, 'app runs\n']);
  assert.ok(existsSync(join(folder, 'late.js.bytecode')));
  assert.deepEqual(run(folder, ['all']), ['app false', 'app runs', 'late false', 'late loads', '42 1 true']);
});

test('compile.cjs leaves the bytecode of a part alone that this run did not load', t => {
  const folder = makeBundle(t);
  const compile = (...args: string[]) =>
    node(['--require', join(bin, 'compile.cjs'), join(folder, 'main.cjs'), ...args]);
  const kept = () => readFileSync(join(folder, 'late.js.bytecode'));
  compile('all');
  const ofAll = kept();
  compile();
  assert.deepEqual(kept(), ofAll);
});

test('bytecode that is broken or of another Node is left aside', t => {
  const folder = makeBundle(t);
  node(['--require', join(bin, 'compile.cjs'), join(folder, 'main.cjs')]);
  const kept = join(folder, 'app.js.bytecode');
  writeFileSync(kept, readFileSync(kept).fill(1, 0, 16));
  assert.deepEqual(run(folder), ['app true', 'app runs']);
});

function makeBundle(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-loader-'));
  t.after(() => rmSync(folder, { recursive: true }));
  copyFileSync(join(bin, 'loader.cjs'), join(folder, 'main.cjs'));
  writeFileSync(join(folder, 'spy.cjs'), spy);
  for (const [name, text] of Object.entries({ app, late })) {
    writeFileSync(
      join(folder, `${name}.js`),
      `(function(exports,require,module,__filename,__dirname){${text}\n})`,
    );
  }
  return folder;
}

function run(folder: string, args: readonly string[] = []): string[] {
  const { status, stdout, stderr } = node([
    '--require',
    join(folder, 'spy.cjs'),
    join(folder, 'main.cjs'),
    ...args,
  ]);
  assert.equal(status, 0, stderr);
  return stdout.trimEnd().split('\n');
}

function node(args: readonly string[]) {
  return spawnSync(process.execPath, args, { encoding: 'utf8' });
}
