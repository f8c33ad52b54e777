import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';

test('bin/plimsoll gives its words to plimsoll: Node would take an --env-file among them for itself', t => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-launcher-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const part of ['bin', '.build', 'path']) mkdirSync(join(folder, part));
  cpSync(resolve(import.meta.dirname, '../../bin/plimsoll'), join(folder, 'bin/plimsoll'));
  writeFileSync(join(folder, '.build/main.js'), 'console.log(JSON.stringify(process.argv.slice(2)));');
  symlinkSync(process.execPath, join(folder, 'path/node'));
  for (const verb of ['run', 'record']) {
    const words = [verb, '--env-file', '/not/there', '--env-file=/not/there', '--', '-x'];
    const { stdout, stderr } = spawnSync(join(folder, 'bin/plimsoll'), words, {
      encoding: 'utf8',
      env: { PATH: `${join(folder, 'path')}:/usr/bin:/bin`, PLIMSOLL_HOST: 'none' },
    });
    assert.deepEqual([stdout, stderr], [`${JSON.stringify(words)}\n`, '']);
  }
});
