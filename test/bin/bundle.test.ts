import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';
import { resolveRoot } from '../../src/engine/index.ts';

const main = realpathSync(resolve(import.meta.dirname, '../../.build/main.js'));

test('every part of the bundle has its bytecode, and takes one byte a character in memory', () => {
  const files = readdirSync(dirname(main));
  const parts = files.filter(file => file.endsWith('.js'));
  assert.ok(parts.length > 10);
  for (const part of parts) {
    assert.ok(files.includes(`${part}.bytecode`), part);
    assert.match(readFileSync(join(dirname(main), part), 'utf8'), /^[\0-\xff]*$/, part);
  }
});

test('a command that needs no engine loads none', () => {
  assert.deepEqual(partsLoadedBy(['version']), ['app', 'core']);
});

test('listing containers loads nothing that builds, mounts or runs', () => {
  const parts = partsLoadedBy(['ps']);
  assert.ok(parts.includes('engine-container'));
  assert.ok(!parts.includes('node:crypto'), 'a tenth of the whole command');
  for (const part of ['engine-build', 'engine-snapshot', 'engine-runtime', 'engine-image', 'engine-doctor'])
    assert.ok(!parts.includes(part), `${part} is among ${parts.join(', ')}`);
});

test('a machine without one host tool can be asked what there is: setting up begins so', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-bundle-'));
  const { runDir } = resolveRoot({ root: folder, env: process.env, uid: process.getuid?.() ?? 0 });
  try {
    const options = { encoding: 'utf8', env: { ...process.env, PATH: '/nonexistent' } } as const;
    const { status, stderr } = spawnSync(process.execPath, [main, '--root', folder, 'ps'], options);
    assert.equal(status, 0, stderr);
  } finally {
    rmSync(folder, { recursive: true });
    rmSync(runDir, { recursive: true, force: true });
  }
});

/**
 * The parts that a command loads in a root that has been opened before: the scripts that are made, as the loader makes
 * one of each part. `node:crypto` too.
 */
function partsLoadedBy(args: readonly string[]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-bundle-'));
  const { runDir } = resolveRoot({ root: folder, env: process.env, uid: process.getuid?.() ?? 0 });
  const preloaded = join(folder, 'spy.cjs');
  const node = ['--disable-warning=ExperimentalWarning', '--require', preloaded];
  const once = () => {
    const { status, stderr } = spawnSync(process.execPath, [...node, main, '--root', folder, ...args], {
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    return stderr.trimEnd().split('\n');
  };
  try {
    writeFileSync(preloaded, spy);
    once();
    return once();
  } finally {
    rmSync(folder, { recursive: true });
    rmSync(runDir, { recursive: true, force: true });
  }
}

const spy = `
const vm = require('node:vm');
vm.Script = class extends vm.Script {
  constructor(source, options) {
    super(source, options);
    console.error(require('node:path').basename(options.filename, '.js'));
  }
};
process.on('exit', () => {
  if (process.moduleLoadList.includes('NativeModule crypto')) console.error('node:crypto');
});`;
