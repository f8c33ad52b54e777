import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { exitCommand } from '../../../src/engine/container/exit-command.ts';
import { pathsOf } from '../../../src/engine/container/world.ts';

const id = 'a'.repeat(64);

/** Runs the exit command of the run "first" with a plimsoll that is `body`, and gives how often it was called. */
function callsOf(body: string): number {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-exit-'));
  const root = { id: 'test', dataDir: join(folder, 'data'), runDir: join(folder, 'run'), rootless: false };
  const paths = pathsOf(root, id);
  try {
    for (const made of [dirname(paths.run), join(root.runDir, 'locks')]) mkdirSync(made, { recursive: true });
    writeFileSync(paths.run, 'first\n');
    const [plimsoll, calls] = [join(folder, 'plimsoll'), join(folder, 'calls')];
    writeFileSync(plimsoll, `#!/bin/sh\nrun=${paths.run} calls=${calls}\necho call >> $calls\n${body}\n`, {
      mode: 0o755,
    });
    const [program = '', ...args] = exitCommand(root, id, 'first', [plimsoll]);
    execFileSync(program, args, { timeout: 120_000 });
    return readFileSync(calls, 'utf8').trim().split('\n').length;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('a plimsoll that is killed while it settles an end is called once more', () => {
  assert.equal(callsOf('[ $(wc -l < $calls) -gt 1 ] || kill -9 $$'), 2);
});

test('so is one that had begun the next run by then: nobody else knows of that', () => {
  assert.equal(callsOf('echo second > $run; [ $(wc -l < $calls) -gt 1 ] || kill -9 $$'), 2);
});

test('a pause is waited for, unless another run has begun meanwhile', () => {
  assert.equal(callsOf('[ $(wc -l < $calls) -gt 1 ] || echo 0.1'), 2);
  assert.equal(callsOf('echo second > $run; echo 0.1'), 1);
});

test('one that fails is called again, but not for ever', () => {
  assert.equal(callsOf('[ $(wc -l < $calls) -gt 1 ] || exit 1'), 2);
  assert.equal(callsOf('exit 1'), 3);
});
