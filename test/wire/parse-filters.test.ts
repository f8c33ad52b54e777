import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFilters, parseFilterTime, parseQueryTime } from '../../src/wire/index.ts';

test('parseFilters() reads lists, and the objects that docker had before them', () => {
  const expected = new Map([['status', ['running', 'paused']]]);
  assert.deepEqual(parseFilters('{"status":["running","paused"]}', ['status']), expected);
  assert.deepEqual(
    parseFilters('{"status":{"running":true,"paused":true,"dead":false}}', ['status']),
    expected,
  );
  assert.deepEqual(parseFilters(undefined, []), new Map());
});

for (const text of ['{', '[]', '3', 'null', '{"status":3}', '{"status":[3]}', '{"nosuch":["a"]}']) {
  test(`parseFilters() refuses ${text}`, () => {
    assert.throws(() => parseFilters(text, ['status']), /invalid filter/);
  });
}

test('times are seconds with a fraction, RFC 3339, or in filters durations before now', () => {
  assert.equal(parseQueryTime('1700000000.5'), 1_700_000_000_500);
  assert.equal(parseQueryTime('2023-11-14T22:13:20Z'), 1_700_000_000_000);
  assert.equal(parseQueryTime('0'), undefined);
  assert.throws(() => parseQueryTime('yesterday'), /not a time/);
  assert.equal(parseFilterTime('1h30m', 10_000_000), 4_600_000);
});
