import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OciProcess } from '../../runtime/index.ts';
import type { ContainerPaths } from '../world.ts';
import type { HealthCheck } from './types.ts';

/** Asks the keeper to carry out the health check of a run, from when it looks next. `process`: what a probe runs. */
export function writeHealthJob(
  { health, run }: ContainerPaths,
  check: HealthCheck,
  process: OciProcess,
): void {
  mkdirSync(health, { recursive: true, mode: 0o700 });
  writeFileSync(join(health, 'process.json'), JSON.stringify(process), { mode: 0o600 });
  const { intervalMs, timeoutMs, startPeriodMs, startIntervalMs, retries } = check;
  const times = [intervalMs, timeoutMs, startPeriodMs, startIntervalMs].map(hundredths);
  const name = readFileSync(run, 'utf8').trim();
  writeFileSync(join(health, 'job'), `${name} ${times.join(' ')} ${retries} ${uptimeHundredths()}\n`);
}

/** No probe is made of a container that is paused. */
export function pauseHealthJob({ health }: ContainerPaths, paused: boolean): void {
  const file = join(health, 'paused');
  if (!paused) rmSync(file, { force: true });
  else if (jobExists(health)) writeFileSync(file, '');
}

/** Hundredths of a second since boot, as /proc/uptime has them: proc(5). */
export function uptimeHundredths(): number {
  const [uptime = '0.00'] = readFileSync('/proc/uptime', 'utf8').split(' ');
  return Number(uptime.replace('.', ''));
}

function hundredths(ms: number): number {
  return Math.ceil(ms / 10);
}

function jobExists(folder: string): boolean {
  try {
    readFileSync(join(folder, 'job'));
    return true;
  } catch {
    return false;
  }
}
