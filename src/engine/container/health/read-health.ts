import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerPaths } from '../world.ts';
import { uptimeHundredths } from './health-job.ts';
import type { Health, HealthCheck, HealthResult, HealthStatus } from './types.ts';

/** A line that the keeper wrote. */
interface Line {
  readonly began: number;
  readonly ended: number;
  readonly exitCode: number;
  readonly status: HealthStatus;
  readonly streak: number;
  readonly slot: number;
}

const mostResults = 5;

/** Where a run stands by what its keeper wrote; `isKept`: whether there is a keeper. */
export function readHealth({ health }: ContainerPaths, { isKept }: { isKept: boolean }): Health {
  const last = readLines(health).at(-1);
  if (!isKept) return { status: 'not-checked', failingStreak: last?.streak ?? 0 };
  return { status: last?.status ?? 'starting', failingStreak: last?.streak ?? 0 };
}

/** The last results of a run. */
export function readHealthLog({ health }: ContainerPaths, check: HealthCheck, now: number): HealthResult[] {
  const uptime = uptimeHundredths();
  const timeOf = (hundredths: number) => now - (uptime - hundredths) * 10;
  return readLines(health)
    .slice(-mostResults)
    .map(({ began, ended, exitCode, slot }) => ({
      start: timeOf(began),
      end: timeOf(ended),
      exitCode,
      output: exitCode === -1 ? tooLong(check, outputOf(health, slot)) : outputOf(health, slot),
    }));
}

function readLines(folder: string): Line[] {
  return readText(join(folder, 'log')).split('\n').flatMap(parseLine);
}

function parseLine(text: string): Line[] {
  const fields = /^(\d+) (\d+) (-?\d+) (starting|healthy|unhealthy) (\d+) (\d+)$/.exec(text);
  if (fields === null) return []; // empty, or just being written
  const [began = 0, ended = 0, exitCode = 0, , streak = 0, slot = 0] = fields.slice(1).map(Number);
  return [{ began, ended, exitCode, status: fields[4] as HealthStatus, streak, slot }];
}

function outputOf(folder: string, slot: number): string {
  return readText(join(folder, `out.${slot}`));
}

/** Docker's words. */
function tooLong({ timeoutMs }: HealthCheck, output: string): string {
  const words = `Health check exceeded timeout (${timeoutMs / 1000}s)`;
  return output === '' ? words : `${words}: ${output}`;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
