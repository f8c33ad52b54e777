import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PlimsollError } from '../../src/errors.ts';
import { removeEach } from '../../src/lib/remove-each.ts';

test('what is in use by now, or gone, is passed over, and the rest removed', async () => {
  const tried: string[] = [];
  const removed = await removeEach(['a', 'started', 'gone', 'b'], async name => {
    tried.push(name);
    if (name === 'started') throw new PlimsollError('conflict', 'it runs', { code: 'CONTAINER_STATE' });
    if (name === 'gone') throw new PlimsollError('not-found', 'it is gone', { code: 'CONTAINER_NOT_FOUND' });
  });
  assert.deepEqual(tried, ['a', 'started', 'gone', 'b']);
  assert.deepEqual(removed, ['a', 'b']);
});

test('any other trouble ends it', async () => {
  const trouble = new PlimsollError('data-loss', 'the disk is gone', { code: 'DISK' });
  await assert.rejects(
    removeEach(['a'], () => Promise.reject(trouble)),
    error => error === trouble,
  );
});
