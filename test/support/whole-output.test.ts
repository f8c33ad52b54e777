import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';

test('a process that exits leaves all that it wrote, however late it is read', async () => {
  const script = 'for (let i = 0; i < 4000; i++) process.stdout.write("x".repeat(100)); process.exit()';
  const loader = join(import.meta.dirname, 'whole-output.ts');
  const child = spawn(process.execPath, ['--import', loader, '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let bytes = 0;
  child.stdout.on('data', (piece: Buffer) => {
    bytes += piece.length;
  });
  const end = once(child.stdout, 'end');
  await once(child, 'spawn');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500); // as a busy reader
  await end;
  assert.equal(bytes, 400_000);
});
