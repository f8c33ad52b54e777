import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ExpansionError, expandWord, expandWords } from '../../../../src/engine/build/dockerfile/index.ts';
import { readCase, skipCases } from './cases.ts';

/** What the cases' authors set. */
const variables = new Map([
  ['PWD', '/home'],
  ['SHELL', 'bash'],
  ['KOREAN', '한국어'],
  ['NULL', ''],
]);

test('expandWord() does as each case of the language says', { skip: skipCases }, () => {
  for (const line of readCase('envVarTest').split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [systems = '', input = '', expected = ''] = line.split('|').map(part => part.trim());
    if (systems === 'W') continue;
    const expand = () => expandWord(input, { variables, escape: '\\' });
    if (expected === 'error') assert.throws(expand, ExpansionError, line);
    else assert.equal(expand(), expected, line);
  }
});

test('expandWords() splits as each case of the language says', { skip: skipCases }, () => {
  const set = new Map<string, string>();
  for (const line of readCase('wordsTest').split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [, name, value] = /^ENV ([^=]+)=(.*)$/.exec(line) ?? [];
    if (name !== undefined) {
      set.set(name, value ?? '');
      continue;
    }
    const [, input = '', expected = ''] = /^(.*?) \| (.*)$/.exec(line.replace(/ +\|/, ' |')) ?? [];
    const expand = () => expandWords(input, { variables: set, escape: '\\' });
    if (expected === 'error') assert.throws(expand, ExpansionError, line);
    else assert.deepEqual(expand(), expected.split(','), line);
  }
});

test('expandWord() knows every modifier', () => {
  const table: Readonly<Record<string, string>> = {
    '${file#*.}': 'tar.gz',
    '${file##*.}': 'gz',
    '${file%.*}': 'app.tar',
    '${file%%.*}': 'app',
    '${file/a/A}': 'App.tar.gz',
    '${file//a/A}': 'App.tAr.gz',
    '${file/./}': 'apptar.gz',
    '${path#/usr/}': 'local/bin',
    '${path//\\//-}': '-usr-local-bin',
    '${file/#/x}': 'app.tar.gz',
    '${star#\\*}': 'b',
    '${none-d}': 'd',
    '${empty-d}': '',
    '${empty:-d}': 'd',
    '${none+d}': '',
    '${empty+d}': 'd',
    '${empty:+d}': '',
    '${file?no}': 'app.tar.gz',
    '${none#x}': '',
  };
  const set = new Map([
    ['file', 'app.tar.gz'],
    ['path', '/usr/local/bin'],
    ['star', '*b'],
    ['empty', ''],
  ]);
  for (const [word, expected] of Object.entries(table)) {
    assert.equal(expandWord(word, { variables: set, escape: '\\' }), expected, word);
  }
});

test('expandWord() carries the words of a required variable into its error', () => {
  const expand = () => expandWord('$' + '{V:?set V first}', { variables, escape: '\\' });
  assert.throws(expand, { message: 'V: set V first' });
});

test('expandWord() leaves quotes alone in a here-document', () => {
  const word = expandWord(`say "$PWD" and 'it\\$' $NULL`, { variables, escape: '\\', keepQuotes: true });
  assert.equal(word, `say "/home" and 'it$' `);
});

test('expandWord() leaves a text without quotes, escapes and variables as it is', () => {
  fc.assert(
    fc.property(fc.string(), text => {
      const plain = text.replaceAll(/["'\\$]/g, '');
      assert.equal(expandWord(plain, { variables, escape: '\\' }), plain);
    }),
  );
});

test('expandWord() throws nothing but ExpansionError, whatever the word', () => {
  const piece = fc.constantFrom(
    '$',
    '{',
    '}',
    'PWD',
    ':',
    '-',
    '+',
    '?',
    '#',
    '%',
    '/',
    '*',
    '\\',
    '"',
    "'",
    'x',
  );
  fc.assert(
    fc.property(fc.array(piece), pieces => {
      try {
        expandWord(pieces.join(''), { variables, escape: '\\' });
      } catch (error) {
        assert.ok(error instanceof ExpansionError);
      }
    }),
  );
});
