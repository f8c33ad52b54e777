import { existsSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
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

/** Records the end of a command that nobody has recorded: whoever started it was killed, or went away. */
export function settleExec(world: World, exec: ExecDetails): ExecDetails {
  if (exec.status !== 'running') return exec;
  const folder = execFolder(world.root, exec);
  const hadTime = existsSync(join(folder, 'conmon.pid')) || isOld(folder, world.clock());
  // Asked before the file is looked for: a monitor that is gone by now has written it.
  const isWatched = isExecMonitored(folder, exec.id);
  const exitCode = execExitCode(folder, exec.container);
  if (exitCode !== undefined) endExec(world, exec, exitCode);
  else if (!existsSync(folder)) endExec(world, exec, 137);
  else if (hadTime && !isWatched && execPid(folder) === undefined) withdrawStart(world, exec);
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
export function endExec(world: World, exec: ExecDetails, exitCode: number): void {
  const { id, container } = exec;
  const record = world.records.byId(container);
  world.db.transaction(() => {
    if (!world.execs.markEnded(id, exitCode, world.clock()) || record === undefined) return;
    announce(world, record, 'exec_die', { execID: id, exitCode: String(exitCode) });
  });
  removeFolder(execFolder(world.root, exec));
}

/** Deleting stops half-way, without a word, where the monitor takes its own files away meanwhile; the rest goes with the run. */
function removeFolder(folder: string): void {
  for (let tries = 0; tries < 8 && existsSync(folder); tries++)
    rmSync(folder, { recursive: true, force: true });
}

function isOld(folder: string, now: number): boolean {
  return now - (statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? 0) > slowStartMs;
}
