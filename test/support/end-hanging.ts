import { readdirSync, readFileSync } from 'node:fs';

/**
 * Kills children of this process that are older than so many seconds: a test that has failed may have left a server or
 * a loop behind, with which its file would never end, nor the run.
 */
export function endHanging(mostSeconds: number): Disposable {
  const timer = setInterval(() => {
    for (const pid of readdirSync('/proc').map(Number).filter(Boolean))
      if (ageOfChild(pid) > mostSeconds) process.kill(pid, 'SIGKILL');
  }, 5000);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** Seconds since it began (proc(5): fields 4 and 22 of stat, in hundredths since the boot); of another's child, 0. */
function ageOfChild(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (Number(fields[1]) !== process.pid) return 0;
    return Number.parseFloat(readFileSync('/proc/uptime', 'utf8')) - Number(fields[19]) / 100;
  } catch {
    return 0; // it has just gone
  }
}
