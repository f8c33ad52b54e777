import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { DirectOutput } from '../../src/cli/direct-output.ts';

const plimsoll = resolve(import.meta.dirname, '../../bin/plimsoll');

test('DirectOutput waits for a slow reader of a descriptor that never blocks, and loses nothing', async t => {
  const { fifo, folder } = makeFifo(t);
  const fd = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
  const copy = join(folder, 'copy');
  const reader = spawn('sh', ['-c', `sleep 0.2; exec cat '${fifo}' >'${copy}'`], { stdio: 'ignore' });
  const output = new DirectOutput(fd);
  const text = 'ä line of more than the buffer of a pipe\n'.repeat(10_000);
  const ended = once(reader, 'close');
  output.write(text);
  output.write(Buffer.from('end'));
  closeSync(fd);
  await ended;
  assert.equal(readFileSync(copy, 'utf8'), `${text}end`);
});

test('DirectOutput tells of a reader that went away, and throws any other failure', t => {
  const { fifo } = makeFifo(t);
  const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  const fd = openSync(fifo, constants.O_WRONLY);
  const output = new DirectOutput(fd);
  const errors: string[] = [];
  output.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code ?? ''));
  output.write('read by nobody yet');
  closeSync(reader);
  output.write('gone');
  closeSync(fd);
  assert.deepEqual(errors, ['EPIPE']);
  assert.throws(() => output.write('closed'), { code: 'EBADF' });
});

test('a full disk under standard output is said, with a failing exit code', () => {
  const full = openSync('/dev/full', 'w');
  const { status, stderr } = spawnSync(plimsoll, ['version'], {
    stdio: ['ignore', full, 'pipe'],
    encoding: 'utf8',
  });
  closeSync(full);
  assert.deepEqual([status, stderr.split('\n')[0]], [1, 'plimsoll: no space is left on the disk']);
});

function makeFifo(t: TestContext): { readonly folder: string; readonly fifo: string } {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-output-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const fifo = join(folder, 'fifo');
  assert.equal(spawnSync('mkfifo', [fifo]).status, 0);
  return { folder, fifo };
}
