import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Action, actionFor, type KeyContext, keymap } from '../../../src/tui/model/keymap.ts';
import { matchingEntries } from '../../../src/tui/model/palette.ts';

/** Contexts that hold at the same time, the narrowest first. */
const together: readonly (readonly KeyContext[])[] = [
  ['logs', 'containers', 'detail', 'everywhere'],
  ['containers', 'list', 'everywhere'],
  ['images', 'list', 'everywhere'],
  ['builds', 'detail', 'everywhere'],
  ['events', 'list', 'everywhere'],
  ['capacity', 'list', 'everywhere'],
];

test('no key has two meanings in one context', () => {
  for (const context of new Set(keymap.map(one => one.context))) {
    const keys = keymap.filter(one => one.context === context).flatMap(one => one.keys);
    assert.deepEqual(keys, [...new Set(keys)], `in ${context}`);
  }
});

test('help, quit, back and the palette are reached from everywhere', () => {
  const always: readonly (readonly [string, Action])[] = [
    ['?', 'help'],
    ['q', 'quit'],
    ['escape', 'back'],
    [':', 'palette'],
    ['tab', 'other-pane'],
  ];
  for (const contexts of together)
    for (const [key, action] of always)
      assert.equal(actionFor(key, contexts), action, `${key} in ${contexts.join(', ')}`);
});

test('the narrowest context wins: "/" searches in logs and filters in a list', () => {
  assert.equal(actionFor('left', ['logs', 'containers', 'detail', 'everywhere']), 'left');
  assert.equal(actionFor('left', ['containers', 'detail', 'everywhere']), 'previous-tab');
  assert.equal(actionFor('R', ['images', 'list', 'everywhere']), 'run');
  assert.equal(actionFor('§', ['images', 'list', 'everywhere']), undefined);
});

test('every binding says what it does, without a final period', () => {
  for (const { doc } of keymap) assert.match(doc, /[^.]$/);
});

test('the palette finds an action by letters of its words, the closest first', () => {
  assert.match(matchingEntries('demo')[0]?.title ?? '', /demo/);
  assert.match(matchingEntries('pru im')[0]?.title ?? '', /prune images/);
  assert.deepEqual(matchingEntries('xyzzy'), []);
  const titles = matchingEntries('').map(one => one.title);
  assert.deepEqual(titles, [...new Set(titles)]);
});
