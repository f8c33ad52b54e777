import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cleanText, cleanValue } from '../../src/lib/clean-text.ts';

const attacks: readonly (readonly [what: string, text: string, clean: string])[] = [
  ['moves of the cursor', 'a\u001b[2J\u001b[10;10Hb', 'ab'],
  ['colours', 'a\u001b[31mred\u001b[0m', 'ared'],
  ['the clipboard', 'a\u001b]52;c;aGk=\u0007b', 'ab'],
  ['hyperlinks', '\u001b]8;;http://evil\u001b\\link\u001b]8;;\u001b\\', 'link'],
  ['a title that is never closed', 'a\u001b]0;title', 'a'],
  ['device control strings', 'a\u001bP+q544e\u001b\\b', 'ab'],
  ['eight-bit sequences', 'a\u009b31mb\u009d0;t\u0007c', 'abc'],
  ['a reset', 'a\u001bcb', 'ab'],
  ['a lone escape at the end', 'a\u001b', 'a'],
  ['a bell and backspaces', 'a\u0007\b\b', 'a'],
  ['reversed writing', 'a\u202etxt.exe', 'atxt.exe'],
  ['zero-width characters', 'a\u200b\ufeffb', 'ab'],
  ['half a pair', 'a\ud800b', 'a\ufffdb'],
];

for (const [what, text, clean] of attacks)
  test(`cleanText() removes ${what}`, () => assert.equal(cleanText(text), clean));

test('cleanText() leaves nothing that a terminal would obey, whatever it is given', () => {
  const noisy = fc.string({
    unit: fc.constantFrom(
      '\u001b',
      '[',
      ']',
      ';',
      '3',
      '1',
      'm',
      'H',
      'é',
      '\u0007',
      '\u009b',
      '\\',
      '\r',
      '\t',
      'P',
      '界',
    ),
  });
  fc.assert(
    fc.property(fc.oneof(noisy, fc.string({ unit: 'binary' })), text => {
      assert.doesNotMatch(cleanText(text), /[\u0000-\u001f\u007f-\u009f]/);
    }),
  );
});

test('cleanText() with colours keeps only foreground colours and bold, closed at the end of each line', () => {
  assert.equal(
    cleanText('\u001b[1;31;44;7merror\u001b[0m: x', { colours: true }),
    '\u001b[1;31merror\u001b[0m: x\u001b[0m',
  );
  assert.equal(cleanText('\u001b[38;5;31mx', { colours: true }), 'x');
  fc.assert(
    fc.property(
      fc.string({
        unit: fc.constantFrom('\u001b[31m', '\u001b[7m', '\u001b[2J', 'a', '\u0000', '\u0001', '0', '\u001b'),
      }),
      text => {
        const rest = cleanText(text, { colours: true }).replace(/\u001b\[[\d;]*m/g, '');
        assert.doesNotMatch(rest, /[\u0000-\u001f\u007f-\u009f]/);
      },
    ),
  );
});

test('cleanText() shows of an overwritten line what was written last, and expands tabs', () => {
  assert.equal(cleanText('10%\r50%\r100%\r'), '100%');
  assert.equal(cleanText('a\tb'), 'a       b');
});

test('cleanText() keeps lines only when asked, and cuts what is too long', () => {
  assert.equal(cleanText('a\nb'), 'a b');
  assert.equal(cleanText('a\nb', { multiline: true }), 'a\nb');
  assert.equal(cleanText('x'.repeat(100), { maxLength: 10 }), `${'x'.repeat(9)}…`);
});

test('cleanValue() cleans every string of a value, keys too, and keeps the rest', () => {
  const bytes = Buffer.from('x');
  const value = {
    name: 'a\u001b[2Jb',
    list: ['\u0007c'],
    labels: { 'k\u001b[m': 'v' },
    count: 3,
    none: undefined,
    bytes,
  };
  assert.deepEqual(cleanValue(value), {
    name: 'ab',
    list: ['c'],
    labels: { k: 'v' },
    count: 3,
    none: undefined,
    bytes,
  });
});
