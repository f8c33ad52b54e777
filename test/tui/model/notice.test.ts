import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lackNotice } from '../../../src/tui/model/index.ts';

test('what the machine lacks is said in one sentence', () => {
  assert.deepEqual(lackNotice(['conmon'], 7), {
    tone: 'bad',
    text: 'nothing can be built or run: the machine lacks conmon',
    hint: "'plimsoll doctor' says how to get it",
    time: 7,
  });
  assert.match(
    lackNotice(['OCI runtime', 'conmon', 'GNU tar'], 7).text,
    /lacks OCI runtime, conmon and GNU tar$/,
  );
});
