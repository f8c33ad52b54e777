import assert from 'node:assert/strict';
import { test } from 'node:test';
import { releaseBytes } from '../../src/lib/release-bytes.ts';

test('releaseBytes() frees the buffer that a piece ends, and none that others have a part of', () => {
  const whole = new Uint8Array(1000);
  releaseBytes(whole);
  assert.equal(whole.buffer.byteLength, 0);

  const buffer = new ArrayBuffer(2 * Buffer.poolSize);
  releaseBytes(new Uint8Array(buffer, 0, 1000)); // the rest is still to be looked at
  assert.equal(buffer.byteLength, 2 * Buffer.poolSize);
  releaseBytes(new Uint8Array(buffer, 1000));
  assert.equal(buffer.byteLength, 0);

  const pool = new ArrayBuffer(Buffer.poolSize);
  releaseBytes(new Uint8Array(pool, Buffer.poolSize - 8));
  assert.equal(pool.byteLength, Buffer.poolSize);
});
