import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pauseLeft } from '../../../src/engine/container/restart-due.ts';

test('a clock that is set back makes no container wait longer for its restart than any pause', () => {
  const restartAt = Date.parse('2026-11-23T12:00:00Z');
  assert.equal(pauseLeft({ restartAt }, restartAt - 400), 400);
  assert.equal(pauseLeft({ restartAt }, restartAt - 60_000), 60_000);
  assert.equal(pauseLeft({ restartAt }, restartAt - 3_600_000), 0, 'set back by an hour');
  assert.equal(pauseLeft({ restartAt }, restartAt + 1500), -1500, 'since when it is due');
});
