import assert from 'node:assert/strict';
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import type { LogEntry, LogOptions } from '../../../../src/engine/container/index.ts';
import { formatLogLine, LineSplitter, parseLogLine } from '../../../../src/engine/container/log/k8s-file.ts';
import { logFiles } from '../../../../src/engine/container/log/log-files.ts';
import { readLog } from '../../../../src/engine/container/log/read-log.ts';
import { rotateLog } from '../../../../src/engine/container/log/rotate-log.ts';

const time = '2026-11-23T21:27:43.109551764+00:00';

test('parseLogLine() gives back what formatLogLine() wrote, for any bytes', () => {
  const bytes = fc.uint8Array({ maxLength: 300 }).map(all => Buffer.from(all.filter(byte => byte !== 10)));
  fc.assert(
    fc.property(bytes, fc.boolean(), fc.constantFrom('stdout', 'stderr'), (line, partial, stream) => {
      const entry: LogEntry = { time, stream: stream as 'stdout', line, partial };
      assert.deepEqual(parseLogLine(formatLogLine(entry).subarray(0, -1)), entry);
    }),
  );
});

test('LineSplitter gives the same lines however the bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ maxLength: 20 })),
      fc.array(fc.integer({ min: 1, max: 9 })),
      (words, cuts) => {
        const lines = words.map(word => word.replaceAll('\n', ' '));
        const bytes = Buffer.from(lines.map(line => `${line}\n`).join(''));
        const splitter = new LineSplitter();
        const got: string[] = [];
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const size = cuts[i % Math.max(1, cuts.length)] ?? 5;
          got.push(...splitter.push(bytes.subarray(at, at + size)).map(String));
          at += size;
        }
        assert.deepEqual(got, lines);
      },
    ),
  );
});

test('tail gives exactly the last lines, whatever their sizes, files and pieces', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({ size: fc.integer({ min: 0, max: 40_000 }), pieces: fc.integer({ min: 1, max: 3 }) }),
        {
          maxLength: 12,
        },
      ),
      fc.integer({ min: 0, max: 14 }),
      fc.integer({ min: 0, max: 12 }),
      async (lines, tail, splitAt) => {
        await using log = temporaryLog();
        const raw = lines.map(({ size, pieces }, i) =>
          Array.from({ length: pieces }, (_, piece) =>
            entryOf(`${i}.${piece} ${'x'.repeat(size)}`, piece < pieces - 1),
          ),
        );
        const [older, newer] = [raw.slice(0, splitAt), raw.slice(splitAt)];
        if (older.length > 0) writeFileSync(`${log.path}.1`, Buffer.concat(older.flat()));
        writeFileSync(log.path, Buffer.concat(newer.flat()));
        const got = (await read(log.path, { tail })).map(entry => entry.line.toString());
        const wanted = (tail === 0 ? [] : raw.slice(-tail)).flat();
        assert.deepEqual(
          got,
          wanted.map(line => String(parseLogLine(line.subarray(0, -1))?.line)),
        );
      },
    ),
    { numRuns: 60 },
  );
});

test('an unfinished last line counts as one line of the tail', async () => {
  await using log = temporaryLog();
  writeFileSync(
    log.path,
    Buffer.concat([entryOf('one', false), entryOf('two', false), entryOf('thr', true)]),
  );
  assert.deepEqual(
    (await read(log.path, { tail: 2 })).map(entry => entry.line.toString()),
    ['two', 'thr'],
  );
});

test('what a full disk has cut off is no line of the tail', async () => {
  await using log = temporaryLog();
  const whole = ['one', 'two'].map(line =>
    formatLogLine({ time, stream: 'stdout', line: Buffer.from(line), partial: false }),
  );
  writeFileSync(log.path, Buffer.concat([...whole, Buffer.from(`${time} stdout F thr`)]));
  for (const [tail, lines] of [
    [1, ['two']],
    [2, ['one', 'two']],
    [3, ['one', 'two']],
  ] as const) {
    assert.deepEqual(
      (await read(log.path, { tail })).map(entry => entry.line.toString()),
      lines,
    );
  }
});

test('tail of an empty or missing log ends at once (pain 14)', async () => {
  await using log = temporaryLog();
  assert.deepEqual(await read(log.path, { tail: 5 }), []);
  writeFileSync(log.path, '');
  assert.deepEqual(await read(log.path, { tail: 5 }), []);
});

test('following loses no line through rotations while the writer goes on (pain 14)', async () => {
  await using log = temporaryLog();
  const total = 3000;
  let written = 0;
  let over = false;
  writeFileSync(log.path, '');
  const writing = (async () => {
    for (; written < total; written++) {
      appendFileSync(log.path, entryOf(`line ${written}`, false));
      if (written % 700 === 699) {
        // as rotateLog does, with a writer that goes on at once with a new file
        renameAll(log.path);
        writeFileSync(log.path, '');
      }
      if (written % 50 === 0) await sleep(1);
    }
    over = true;
  })();
  const got: string[] = [];
  for await (const entry of readLog(log.path, { follow: true, ended: () => over }))
    got.push(entry.line.toString());
  await writing;
  assert.deepEqual(
    got,
    Array.from({ length: total }, (_, i) => `line ${i}`),
  );
});

test('since and until choose by time', async () => {
  await using log = temporaryLog();
  const at = (second: number) =>
    formatLogLine({
      time: `2026-11-23T21:00:0${second}.000000001+00:00`,
      stream: 'stdout',
      line: Buffer.from(String(second)),
      partial: false,
    });
  writeFileSync(log.path, Buffer.concat([at(1), at(2), at(3), at(4)]));
  const [since, until] = [Date.parse('2026-11-23T21:00:02Z'), Date.parse('2026-11-23T21:00:03.5Z')];
  assert.deepEqual(
    (await read(log.path, { since, until })).map(entry => entry.line.toString()),
    ['2', '3'],
  );
});

test('a clock that is set back hides no line of a log, neither of since nor of until', async () => {
  await using log = temporaryLog();
  const at = (time: string) =>
    formatLogLine({
      time: `2026-11-23T${time}.000000001+00:00`,
      stream: 'stdout',
      line: Buffer.from(time),
      partial: false,
    });
  const times = ['11:58:00', '12:00:00', '11:00:00', '11:00:01'];
  writeFileSync(log.path, Buffer.concat(times.map(at)));
  const linesOf = async (options: LogOptions) =>
    (await read(log.path, options)).map(entry => entry.line.toString());
  const since = Date.parse('2026-11-23T11:59:00Z');
  assert.deepEqual(await linesOf({ since }), ['12:00:00', '11:00:00', '11:00:01']);
  const until = Date.parse('2026-11-23T11:30:00Z');
  assert.deepEqual(await linesOf({ until }), ['11:00:00', '11:00:01']);
});

test('rotateLog() keeps three files and tells the monitor to reopen', async () => {
  await using log = temporaryLog();
  const control = join(log.folder, 'ctl');
  writeFileSync(control, '');
  const plan = { kind: 'file', rotateAboveBytes: 3, rotatedFiles: 2 } as const;
  for (const content of ['aaaa', 'bbbb', 'cccc', 'dddd']) {
    writeFileSync(log.path, content);
    assert.equal(rotateLog(log.path, control, plan), true);
  }
  writeFileSync(log.path, 'e');
  assert.equal(rotateLog(log.path, control, plan), false);
  assert.deepEqual(
    logFiles(log.path).map(file => readFileSync(file, 'utf8')),
    ['cccc', 'dddd', 'e'],
  );
  assert.equal(rotateLog(log.path, control, { kind: 'none' }), false);
});

test('following goes on behind a truncation, without the bytes that are gone (pain 14)', {
  timeout: 120_000,
}, async () => {
  await using log = temporaryLog();
  writeFileSync(log.path, entryOf('before', false));
  const abort = new AbortController();
  const got: string[] = [];
  for await (const entry of readLog(log.path, { follow: true, ended: () => false, signal: abort.signal })) {
    got.push(entry.line.toString());
    if (got.length === 1) {
      truncateSync(log.path, 0); // as copytruncate does
      setTimeout(() => appendFileSync(log.path, entryOf('after', false)), 700);
    } else abort.abort();
  }
  assert.deepEqual(got, ['before', 'after']);
});

test('a signal ends following', { timeout: 120_000 }, async () => {
  await using log = temporaryLog();
  writeFileSync(log.path, entryOf('one', false));
  const abort = new AbortController();
  const got: string[] = [];
  for await (const entry of readLog(log.path, { follow: true, ended: () => false, signal: abort.signal })) {
    got.push(entry.line.toString());
    abort.abort();
  }
  assert.deepEqual(got, ['one']);
});

function entryOf(text: string, partial: boolean): Buffer {
  return formatLogLine({ time, stream: 'stdout', line: Buffer.from(text), partial });
}

async function read(path: string, options: LogOptions): Promise<LogEntry[]> {
  return await Array.fromAsync(readLog(path, { ...options, ended: () => true }));
}

function renameAll(path: string): void {
  rmSync(`${path}.2`, { force: true });
  try {
    renameSync(`${path}.1`, `${path}.2`);
  } catch {
    // the first rotation has no older file
  }
  renameSync(path, `${path}.1`);
}

function temporaryLog() {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-log-'));
  return {
    folder,
    path: join(folder, 'ctr.log'),
    [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true, force: true }),
  };
}
