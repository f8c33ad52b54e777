import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hideValues } from '../../../src/engine/build/solve/hide-values.ts';

function hidden(values: readonly string[], chunks: readonly string[]): string {
  const hider = hideValues(values.map(value => Buffer.from(value)));
  return [...chunks.map(chunk => hider.push(Buffer.from(chunk))), hider.end()].join('');
}

test('hideValues() hides a value, also one that comes in pieces, and each line of a long one', () => {
  assert.equal(hidden(['secret'], ['a secret b']), 'a *** b');
  assert.equal(hidden(['secret'], ['a se', 'cr', 'et b sec']), 'a *** b sec');
  assert.equal(hidden(['one line\ntwo line\n'], ['two line: one line\ntwo line']), '***: ***');
  assert.equal(hidden(['secret', 'secret-long'], ['secret-long secret']), '*** ***');
  assert.equal(hidden(['abc'], ['abc']), 'abc', 'a short word is left alone');
});

test('hideValues() shows at once what cannot be the beginning of a value', () => {
  const hider = hideValues([Buffer.from('secret')]);
  assert.equal(hider.push(Buffer.from('line\n')).toString(), 'line\n');
  assert.equal(hider.push(Buffer.from('se')).toString(), '');
  assert.equal(hider.push(Buffer.from('at')).toString(), 'seat');
});

test('hideValues() gives the same text however it is cut, and never the value', () => {
  const text = fc
    .array(fc.constantFrom('secret', 'sec', 'ret', 's', ' ', 'pass word', 'secret!long', '!lo', 'ng'))
    .map(words => words.join(''));
  fc.assert(
    fc.property(text, fc.array(fc.nat(8)), (whole, cuts) => {
      const pieces: string[] = [];
      let at = 0;
      for (const cut of cuts) {
        pieces.push(whole.slice(at, at + cut));
        at += cut;
      }
      pieces.push(whole.slice(at));
      const values = ['secret', 'pass word', 'secret!long'];
      const shown = hidden(values, pieces);
      assert.equal(shown, hidden(values, [whole]));
      assert.doesNotMatch(shown, /secret|pass word/);
    }),
  );
});
