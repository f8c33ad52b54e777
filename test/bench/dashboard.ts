import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawn } from '@lydell/node-pty';
import type { Engine } from '../../src/engine/index.ts';
import { quantile } from './measure.ts';
import { printFigure } from './report.ts';

/** What the dashboard costs on a terminal of 120x40: time to a frame, bytes, CPU, memory, key to effect. */
export async function benchDashboard(
  engine: Engine,
  plimsoll: readonly string[],
  slower: number,
): Promise<void> {
  const many = await runIdle(engine, 50);
  try {
    console.log('\ndashboard, 50 running containers');
    const first = await measureStart(plimsoll, 'bench-49');
    printFigure('something on screen, ms', first.firstByteMs, 60, slower);
    printFigure('whole first frame, ms', first.frameMs, 250, slower);
  } finally {
    await removeAll(engine, many.slice(20));
  }
  try {
    console.log('\ndashboard, 20 running containers at 1 Hz');
    const steady = await measureSteady(plimsoll);
    printFigure('bytes written per second', steady.bytesPerSecond, 1500);
    printFigure('CPU, % of one core', steady.cpuPercent, 3, slower);
    printFigure('resident memory, MB', steady.residentMb, 150);
    printFigure('key to first byte, median ms', steady.keyMs, 30, slower);
  } finally {
    await removeAll(engine, many.slice(0, 20));
  }
}

async function runIdle(engine: Engine, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < count; i++) {
    const spec = {
      image: 'localhost/busybox',
      command: ['sleep', '10000'],
      network: 'none',
      name: `bench-${i}`,
    };
    const { id } = await engine.containers.create(spec);
    await engine.containers.start(id);
    ids.push(id);
  }
  return ids;
}

async function removeAll(engine: Engine, ids: readonly string[]): Promise<void> {
  for (const id of ids) await engine.containers.remove(id, { force: true });
}

async function measureStart(plimsoll: readonly string[], lastName: string) {
  const runs: { firstByteMs: number; frameMs: number }[] = [];
  for (let i = 0; i < 9; i++) runs.push(await oneStart(plimsoll, lastName));
  return {
    firstByteMs: quantile(
      runs.map(run => run.firstByteMs),
      0.5,
    ),
    frameMs: quantile(
      runs.map(run => run.frameMs),
      0.5,
    ),
  };
}

async function oneStart(
  plimsoll: readonly string[],
  text: string,
): Promise<{ firstByteMs: number; frameMs: number }> {
  const start = performance.now();
  const terminal = open(plimsoll, { columns: 160, rows: 70 });
  let firstByteMs = 0;
  let seen = '';
  try {
    const frameMs = await new Promise<number>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`the dashboard never showed "${text}"`)), 10_000);
      terminal.onData(data => {
        firstByteMs ||= performance.now() - start;
        seen += data;
        if (!seen.includes(text)) return;
        clearTimeout(timer);
        resolve(performance.now() - start);
      });
    });
    return { firstByteMs, frameMs };
  } finally {
    await close(terminal);
  }
}

async function measureSteady(plimsoll: readonly string[]) {
  const terminal = open(plimsoll, { columns: 120, rows: 40 });
  let bytes = 0;
  let onByte = () => {};
  terminal.onData(data => {
    bytes += Buffer.byteLength(data);
    onByte();
  });
  try {
    await sleep(5000);
    const [bytesBefore, ticksBefore] = [bytes, treeTicks(terminal.pid)];
    const seconds = 10;
    await sleep(seconds * 1000);
    const bytesPerSecond = (bytes - bytesBefore) / seconds;
    const cpuPercent = (treeTicks(terminal.pid) - ticksBefore) / seconds; // 100 ticks a second: ticks = percent·s
    const residentMb = residentKb(terminal.pid) / 1024;
    const keys: number[] = [];
    for (let i = 0; i < 20; i++) {
      await sleep(137);
      const start = performance.now();
      const answered = new Promise<void>(resolve => {
        onByte = resolve;
      });
      terminal.write(i % 2 === 0 ? 'j' : 'k');
      await answered;
      keys.push(performance.now() - start);
    }
    return { bytesPerSecond, cpuPercent, residentMb, keyMs: quantile(keys, 0.5) };
  } finally {
    await close(terminal);
  }
}

function open([file = '', ...args]: readonly string[], size: { columns: number; rows: number }) {
  const env = { ...process.env, TERM: 'xterm-256color', LANG: 'C.UTF-8' };
  return spawn(file, args, { cols: size.columns, rows: size.rows, env });
}

async function close(terminal: ReturnType<typeof open>): Promise<void> {
  const gone = new Promise<void>(resolve => terminal.onExit(() => resolve()));
  terminal.write('\u0003');
  await Promise.race([gone, sleep(3000)]);
  terminal.kill('SIGKILL');
}

/** Processor ticks of a process and all below it: fields 14 to 17 of /proc/PID/stat. */
function treeTicks(root: number): number {
  return tree(root).reduce((sum, pid) => {
    const fields = statFields(pid);
    return sum + [11, 12, 13, 14].reduce((ticks, index) => ticks + Number(fields[index] ?? 0), 0);
  }, 0);
}

function residentKb(root: number): number {
  return tree(root).reduce((sum, pid) => {
    const status = readText(`/proc/${pid}/status`);
    return sum + Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
  }, 0);
}

function tree(root: number): number[] {
  const parents = readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(name => ({ pid: Number(name), parent: Number(statFields(Number(name))[1]) }));
  const found = [root];
  for (const pid of found)
    found.push(...parents.filter(({ parent }) => parent === pid).map(child => child.pid));
  return found;
}

function statFields(pid: number): string[] {
  const stat = readText(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
