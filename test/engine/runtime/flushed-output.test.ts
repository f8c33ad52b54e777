import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flushedOutput } from '../../../src/engine/runtime/index.ts';

const bytes = (text: string) => Buffer.from(text, 'latin1');

const cases: [string, string, string][] = [
  ['nothing', '', ''],
  ['one piece', 'a\x1b[1m\xff"\r\n\n', 'a\x1b[1m\xff"\r\n'],
  ['a piece without an end of a line', 'no end\n', 'no end'],
  [
    'whole pieces',
    `${'a'.repeat(255)}\n${'b'.repeat(255)}\nc\r\n\n`,
    `${'a'.repeat(255)}${'b'.repeat(255)}c\r\n`,
  ],
  ['a line feed at the seam', `${'a'.repeat(254)}\r\n\nb\n`, `${'a'.repeat(254)}\r\nb`],
  [
    'a short piece before others, and a line feed of the terminal where a whole one would have ended',
    `one\r\n\n${'a'.repeat(248)}\r\nb\r\n\n`,
    `one\r\n${'a'.repeat(248)}\r\nb\r\n`,
  ],
  ['short pieces alone', 'one\r\n\ntwo\r\n\n', 'one\r\ntwo\r\n'],
  ['line feeds of a raw terminal', `${'a\n'.repeat(127)}b\nc\n\n`, `${'a\n'.repeat(127)}bc\n`],
  [
    'lines of JSON',
    '{"msg":"a\\r\\n","level":"error","time":"x"}\n{"msg":"b","level":"error","time":"x"}\n',
    'a\r\nb',
  ],
  ['JSON of the command itself', '{"msg":"mine"}\r\n\n', '{"msg":"mine"}\r\n'],
];

for (const [name, log, output] of cases) {
  test(`the output that crun flushed to its log: ${name}`, () => {
    assert.equal(flushedOutput(bytes(log)).toString('latin1'), output);
  });
}
