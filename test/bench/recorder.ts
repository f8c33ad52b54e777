import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../../src/engine/index.ts';
import { printFigure } from './report.ts';
import { startSleepers } from './start-sleepers.ts';

const containers = Number(process.env.PLIMSOLL_BENCH_RECORDED ?? 200);
const seconds = Number(process.env.PLIMSOLL_BENCH_SECONDS ?? 120);
/** Starting up and the first rows are not what recording costs. */
const settleMs = 20_000;
/** USER_HZ, proc(5). */
const ticksPerSecond = 100;

/** What `plimsoll record` costs beside 200 running containers, from the kernel's own accounts of its process. */
export async function benchRecorder(engine: Engine, plimsoll: readonly string[]): Promise<void> {
  const { remove } = await startSleepers(engine, containers);
  const [file = '', ...args] = [...plimsoll, 'record'];
  const recorder = spawn(file, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  try {
    await sleep(settleMs);
    const before = cpuSeconds(recorder);
    await sleep(seconds * 1000);
    console.log(`\nplimsoll record, ${containers} running containers, over ${seconds} s`);
    printFigure('CPU, % of one core', ((cpuSeconds(recorder) - before) / seconds) * 100, 1);
    const kiB = (name: string) => Number(new RegExp(`^${name}: +(\\d+)`, 'm').exec(rollup(recorder))?.[1]);
    printFigure('resident, MB', (kiB('Rss') * 1024) / 1e6, 60);
    console.log(
      `  ${'of that its own share (PSS), MB'.padEnd(34)} ${((kiB('Pss') * 1024) / 1e6).toFixed(1).padStart(8)}`,
    );
  } finally {
    recorder.kill('SIGTERM');
    await remove();
  }
}

/** The launcher becomes Node (exec), so its process is the recorder's. */
function cpuSeconds({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

function rollup({ pid }: ChildProcess): string {
  return readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
}
