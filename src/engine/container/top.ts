import { readFileSync } from 'node:fs';
import type { ContainerProcess } from './types.ts';

const ticksPerSecond = 100; // USER_HZ, fixed on every Linux that Node runs on
const pageBytes = 4096;

/** Processes as /proc has them (proc(5)); those that end meanwhile are left out. */
export function listProcesses(pids: readonly number[]): ContainerProcess[] {
  const bootTime = Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'utf8'))?.[1] ?? 0) * 1000;
  return pids.flatMap(pid => {
    const found = readProcess(pid, bootTime);
    return found === undefined ? [] : [found];
  });
}

function readProcess(pid: number, bootTime: number): ContainerProcess | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const field = (number: number) => fields[number - 3] ?? ''; // numbered as in proc(5)
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim();
    return {
      pid,
      parentPid: Number(field(4)),
      user: /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '?',
      state: field(3),
      cpuSeconds: (Number(field(14)) + Number(field(15))) / ticksPerSecond,
      residentBytes: Number(field(24)) * pageBytes,
      startedAt: bootTime + (Number(field(22)) / ticksPerSecond) * 1000,
      command: command === '' ? `[${name}]` : command,
    };
  } catch {
    return undefined;
  }
}
