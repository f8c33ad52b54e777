import assert from 'node:assert/strict';
import { test } from 'node:test';
import { liveProgress } from '../../src/cli/progress/live.ts';
import { plainProgress } from '../../src/cli/progress/plain.ts';
import { rawProgress } from '../../src/cli/progress/raw-json.ts';
import type { BuildProgress } from '../../src/engine/index.ts';

const step = (id: number, name: string) => ({ id, name, stage: '', line: id, dependsOn: [] });
const events: BuildProgress[] = [
  {
    kind: 'planned',
    time: 0,
    build: 'b',
    steps: [step(7, '[1/2] FROM busybox'), step(9, '[2/2] RUN make\u001b[2J')],
  },
  { kind: 'step-finished', time: 5, step: 7, outcome: 'cached' },
  { kind: 'step-started', time: 10, step: 9 },
  { kind: 'step-output', time: 260, step: 9, stream: 'stdout', text: 'one\ntwo\n' },
  { kind: 'step-finished', time: 1310, step: 9, outcome: 'done', cacheMiss: 'ARG V changed' },
  { kind: 'finished', time: 1320, outcome: 'succeeded', image: 'sha256:0' },
];

function recorder(fields: object = {}) {
  const written: string[] = [];
  return {
    write: (text: string | Uint8Array) => written.push(String(text)),
    ...fields,
    text: () => written.join(''),
  };
}

test("plain progress is a line per event, with the step's number, time and reason", () => {
  const output = recorder();
  const onProgress = plainProgress(output);
  for (const event of events) onProgress(event);
  assert.deepEqual(output.text().trimEnd().split('\n'), [
    '#1 [1/2] FROM busybox',
    '#1 CACHED',
    '#2 [2/2] RUN make\u001b[2J',
    '#2 0.250 one',
    '#2 0.250 two',
    '#2 not cached: ARG V changed',
    '#2 DONE 1.3s',
  ]);
});

test('live progress leaves one line per finished step, and no escape sequence of a name', () => {
  const output = recorder({ isTTY: true, columns: 80, rows: 24 });
  {
    using progress = liveProgress(output, { NO_COLOR: '1' });
    for (const event of events) progress.onProgress(event);
  }
  assert.equal(output.text(), '✓ [1/2] FROM busybox  CACHED\n✓ [2/2] RUN make  DONE 1.3s  (ARG V changed)\n');
});

test("raw progress is docker's rawjson, a line per event, with the reason of a miss beside it", () => {
  const output = recorder();
  const onProgress = rawProgress(output);
  for (const event of events) onProgress(event);
  const lines = output
    .text()
    .trimEnd()
    .split('\n')
    .map(
      line => JSON.parse(line) as { vertexes?: Record<string, unknown>[]; logs?: Record<string, unknown>[] },
    );
  const [from, run] = lines[0]?.vertexes ?? [];
  assert.match(String(from?.digest), /^sha256:[0-9a-f]{64}$/);
  assert.notEqual(from?.digest, run?.digest);
  const time = (ms: number) => new Date(ms).toISOString();
  assert.deepEqual(lines.slice(1), [
    { vertexes: [{ ...from, started: time(5), completed: time(5), cached: true }] },
    { vertexes: [{ ...run, started: time(10) }] },
    { logs: [{ vertex: run?.digest, stream: 1, data: btoa('one\ntwo\n'), timestamp: time(260) }] },
    { vertexes: [{ ...run, started: time(10), completed: time(1310), cacheMiss: 'ARG V changed' }] },
  ]);
});
