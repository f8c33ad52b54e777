import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failureNotice, lackNotice } from '../../../src/tui/model/index.ts';

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

test('what failed is said in its sentence, without the excerpt below it', () => {
  const { text } = failureNotice(
    new Error('Dockerfile:3: it ended with exit code 3\n\n  1 | FROM busybox'),
    7,
  );
  assert.equal(text, 'Dockerfile:3: it ended with exit code 3');
});
