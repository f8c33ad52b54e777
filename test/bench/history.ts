/**
 * `npm run bench:history`: a day of 200 containers written at speed, and how long questions about it take. It shall be
 * 20 ms for the percentiles of one container.
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import { createHistoryService } from '../../src/engine/history/index.ts';
import { createRootFolders, resolveRoot } from '../../src/engine/store/index.ts';
import { formatBytes } from '../../src/lib/format-bytes.ts';
import { createFrames, createRandom } from '../support/usage-frames.ts';

const MiB = 1024 ** 2;
const day = 86_400;
const start = 20_000 * day;
/** As far apart as the recorder takes them at that size. */
const paceSeconds = 5;

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-bench-'));
const root = resolveRoot({ root: folder, env: {}, uid: process.getuid?.() ?? 0 });
createRootFolders(root);
try {
  const history = createHistoryService({ root, clock: () => (start + day) * 1000 });
  const random = createRandom(7);
  const frameAt = createFrames(200, (_, i) => ({
    cpu: 0.01 * i + random() * 0.02,
    memory: (50 + i + random()) * MiB,
  }));
  const recorder = history.record();
  recorder.add(frameAt(start - 40));
  while (!recorder.writes) await breathe();
  const began = process.cpuUsage();
  let frames = 0;
  for (let second = start; second < start + day; second += paceSeconds, frames++)
    recorder.add(frameAt(second));
  await recorder[Symbol.asyncDispose]();
  const spent = process.cpuUsage(began);
  console.log(
    `${frames} frames: ${((spent.user + spent.system) / 1000 / frames).toFixed(2)} ms of CPU each, made up included`,
  );
  const files = readdirSync(folder).filter(name => name.startsWith('history.db'));
  console.log(
    `on disk: ${formatBytes(files.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0))}`,
  );
  const window = { since: start * 1000 };
  measure('percentiles of one container over the day', () =>
    history.usage(window, 'c7').get('c7')?.cpu.quantile(0.95),
  );
  measure('percentiles of all over the day', () => history.usage(window).size);
  measure('percentiles of one over 23.5 h', () => history.usage({ since: (start + 1800) * 1000 }, 'c7').size);
  measure('a chart of one over the day', () => history.chart('c7', window, 120).length);
  history[Symbol.dispose]();
} finally {
  rmSync(folder, { recursive: true, force: true });
  rmSync(root.runDir, { recursive: true, force: true });
}

/** The median of eleven, in milliseconds. */
function measure(what: string, ask: () => unknown): void {
  const times = Array.from({ length: 11 }, () => {
    const began = performance.now();
    ask();
    return performance.now() - began;
  });
  console.log(`${what}: ${(times.toSorted((a, b) => a - b)[5] ?? 0).toFixed(1)} ms`);
}
