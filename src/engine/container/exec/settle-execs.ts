import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isPlimsollError } from '../../../errors.ts';
import { identify, isAlive } from '../../kernel/index.ts';
import { execExitCode, execPid, isExecMonitored } from '../../runtime/index.ts';
import type { Root } from '../../store/index.ts';
import { announce, pathsOf, type World } from '../world.ts';
import type { ExecDetails } from './types.ts';

/** What a command has while it runs, within what the run of its container has. */
export function execFolder(root: Root, { id, container }: Pick<ExecDetails, 'id' | 'container'>): string {
  return join(pathsOf(root, container).bundle, `exec-${id.slice(0, 16)}`);
}

/** A monitor that has not written its number by then never will: who started it was killed before. Milliseconds. */
const slowStartMs = 10_000;

/** Without a monitor: this process waits for the command, and records its end. Goes into the command's folder. */
export function attendExec(folder: string): void {
  writeFileSync(join(folder, 'attendant'), JSON.stringify(identify(process.pid)), { mode: 0o600 });
}

/** Undefined where there is no attendant, but a monitor. A command may go on when its attendant was killed. */
function isAttended(folder: string): boolean | undefined {
  try {
    const attendant = JSON.parse(readFileSync(join(folder, 'attendant'), 'utf8')) as {
      pid: number;
      startTime: number;
    };
    return isAlive(attendant) || identify(execPid(folder) ?? 0) !== undefined;
  } catch {
    return undefined;
  }
}

/** Records the end of a command that nobody has recorded: whoever started it was killed, or went away. */
export function settleExec(world: World, exec: ExecDetails): ExecDetails {
  if (exec.status !== 'running') return exec;
  const folder = execFolder(world.root, exec);
  const isAttendedNow = isAttended(folder);
  const hadTime =
    isAttendedNow !== undefined || existsSync(join(folder, 'conmon.pid')) || isOld(folder, world.clock());
  // Asked before the file is looked for: a monitor that is gone by now has written it.
  const isWatched = isAttendedNow ?? isExecMonitored(folder, exec.id);
  const exitCode = execExitCode(folder, exec.container);
  if (exitCode !== undefined) endExec(world, exec, exitCode);
  else if (!existsSync(folder)) endExec(world, exec, 137);
  else if (hadTime && !isWatched && isAttendedNow === undefined && execPid(folder) === undefined)
    withdrawStart(world, exec);
  else if (hadTime && !isWatched) endExec(world, exec, -1);
  else return exec;
  return world.execs.find(exec.id);
}

/** Who started it was killed before it ran: it may be started anew. */
function withdrawStart(world: World, exec: ExecDetails): void {
  removeFolder(execFolder(world.root, exec));
  world.execs.markUnstarted(exec.id);
}

/** Of all commands of a container whose run is over: they were killed with it, if they had not ended before. */
export function settleExecs(world: World, container: string): void {
  for (const exec of world.execs.unended(container)) {
    if (exec.status !== 'running') continue;
    const exitCode = execExitCode(execFolder(world.root, exec), container);
    endExec(world, exec, exitCode ?? 137);
  }
}

/** Records an end, once. */
export function endExec(world: World, exec: Pick<ExecDetails, 'id' | 'container'>, exitCode: number): void {
  const { id, container } = exec;
  const record = world.records.byId(container);
  const folder = execFolder(world.root, exec);
  const pid = execPid(folder);
  world.db.transaction(() => {
    if (!world.execs.markEnded(id, { exitCode, pid }, world.clock()) || record === undefined) return;
    announce(world, record, 'exec_die', { execID: id, exitCode: String(exitCode) });
  });
  removeFolder(folder);
}

/** Of one that could not be started, as docker has it: 127 for a command that is not there, 126 for one that cannot be run. */
export function unstartedExitCode(error: unknown): number {
  return isPlimsollError(error) && error.code === 'COMMAND_NOT_FOUND' ? 127 : 126;
}

/** Deleting stops half-way, without a word, where the monitor takes its own files away meanwhile; the rest goes with the run. */
function removeFolder(folder: string): void {
  for (let tries = 0; tries < 8 && existsSync(folder); tries++)
    rmSync(folder, { recursive: true, force: true });
}

function isOld(folder: string, now: number): boolean {
  return now - (statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? 0) > slowStartMs;
}
