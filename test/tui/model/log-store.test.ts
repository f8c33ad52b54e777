import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LogStore } from '../../../src/tui/model/index.ts';

const filled = (count: number, options = {}): LogStore => {
  const store = new LogStore(options);
  for (let i = 0; i < count; i++)
    store.append({
      time: '2026-01-01T00:00:00Z',
      stream: i % 2 === 0 ? 'stdout' : 'stderr',
      text: `line ${i}`,
    });
  return store;
};

test('lines are read back as they were put in', () => {
  assert.deepEqual(filled(3).read(1, 3), [
    { number: 1, time: '2026-01-01T00:00:00Z', stream: 'stderr', text: 'line 1' },
    { number: 2, time: '2026-01-01T00:00:00Z', stream: 'stdout', text: 'line 2' },
  ]);
});

test('the oldest lines go when the bound is reached, and the others keep their numbers', () => {
  const store = filled(60_000, { maxBytes: 1 << 20 });
  assert.ok(store.first > 0);
  assert.equal(store.end, 60_000);
  assert.equal(store.read(59_999, 60_000)[0]?.text, 'line 59999');
  assert.equal(store.read(store.first, store.first + 1)[0]?.text, `line ${store.first}`);
  assert.deepEqual(store.read(0, store.first), []);
});

test('a very long line is cut, and letters of several bytes survive', () => {
  const store = new LogStore({ maxLineBytes: 8 });
  store.append({ stream: 'stdout', text: 'é'.repeat(10) });
  store.append({ stream: 'stdout', text: Buffer.from('next') });
  assert.deepEqual(
    store.read(0, 2).map(line => line.text),
    ['éééé', 'next'],
  );
});

test('search() finds the newest first, minding case only where a capital asks for it', () => {
  const store = new LogStore();
  for (const text of ['Error one', 'fine', 'error two']) store.append({ stream: 'stdout', text });
  assert.deepEqual(store.search('error'), [2, 0]);
  assert.deepEqual(store.search('Error'), [0]);
});
