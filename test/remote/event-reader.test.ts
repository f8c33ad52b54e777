import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { EventReader } from '../../src/remote/neighbour-events.ts';

const began = 1_800_000_000_000;
const told = (action: string, nanoseconds: number) =>
  `${JSON.stringify({
    ...{ Type: 'container', Action: action, Actor: { ID: 'a'.repeat(64), Attributes: {} } },
    ...{ time: began / 1000, timeNano: Number(BigInt(began) * 1_000_000n) + nanoseconds },
  })}\n`;

test('every event of an engine is read once, in the order in which it is told, whatever time is on it', async () => {
  const answers = [
    [told('start', 1_000_000), told('oom', 9_000_000), told('die', 5_000_000)],
    [told('oom', 9_000_000), told('die', 5_000_000), told('destroy', 7_000_000)],
  ];
  const asked: unknown[] = [];
  const reader = new EventReader(
    {
      stream: (async (_method: string, _path: string, { query = {} } = {}) => {
        asked.push((query as Record<string, string>).since);
        return Readable.from((answers.shift() ?? []).map(line => Buffer.from(line)));
      }) as never,
    },
    began,
  );
  const read: string[] = [];
  const { signal } = new AbortController();
  for (let i = 0; i < 2; i++) await reader.catchUp(async ({ action }) => void read.push(action), signal);
  assert.deepEqual(read, ['start', 'oom', 'die', 'destroy']);
  assert.deepEqual(asked, ['1800000000', '1800000000'], 'the second of the newest once more');
});
