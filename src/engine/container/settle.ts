import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { bootId, isAlive } from '../kernel/index.ts';
import { oomKills } from '../runtime/index.ts';
import { uptimeHundredths } from './health/health-job.ts';
import { readHealth, readHealthLog } from './health/read-health.ts';
import { planLog } from './log/log-config.ts';
import { rotateLog } from './log/rotate-log.ts';
import type { ContainerRecord, StoredState } from './records.ts';
import { deleteContainer } from './remove.ts';
import { decideRestart } from './restart-policy.ts';
import { releaseKernel, removeRunFiles } from './take-down.ts';
import type { LogSpec, RestartPolicy } from './types.ts';
import { announce, type ContainerPaths, cgroupOf, isLive, pathsOf, type World } from './world.ts';

/** How the last run ended. */
export interface Settled {
  /** -1: unknown. */
  readonly exitCode: number;
  /** Milliseconds until a restart policy wants the next start. */
  readonly restartIn?: number;
}

/**
 * Records the end of a run, if it has ended: exit code, time, lack of memory; takes down what it had; then `--rm` or
 * the restart policy. Whoever notices an end calls this, under the container's lock; the second caller finds nothing
 * to do and gets undefined, as does one whose container still runs, or is to run again after the machine has gone down.
 */
export async function settle(world: World, record: ContainerRecord): Promise<Settled | undefined> {
  const { id, spec, state } = record;
  if (!isLive(state)) return undefined;
  const paths = pathsOf(world.root, id);
  const ending = readEnding(world, record, paths);
  if (ending === undefined) return undefined;
  rotateQuietly(paths, spec.log);
  const health = lastHealth(world, record, paths);
  const pause = state.restartWanted
    ? 0
    : pauseBeforeRestart(spec.restart, state, {
        exitCode: ending.exitCode ?? -1,
        stoppedByUser: state.stoppedByUser ?? false,
        restartCount: state.restartCount,
        ranMs: ranFor(state, ending.finishedAt),
        backoffMs: state.backoffMs,
      });
  // Restarted now, it would be killed a moment later: after the boot it is found as running, and comes up again.
  if (pause !== undefined && (await world.isGoingDown())) return undefined;
  await releaseKernel(world, id);
  const {
    process: _process,
    monitor: _monitor,
    addresses: _addresses,
    ports: _ports,
    bootId: _bootId,
    starting: _starting,
    ...kept
  } = state;
  const ended: StoredState = {
    ...kept,
    ...ending,
    ...health,
    ...(pause !== undefined
      ? { status: 'restarting' as const, restartAt: world.clock() + pause, backoffMs: pause }
      : spec.autoRemove // at once: who dies before it is removed leaves one whose removal is finished, not one that ended
        ? { status: 'removing' as const, removesVolumes: true }
        : { status: 'exited' as const }),
  };
  world.db.transaction(() => {
    world.records.saveState(id, ended);
    if (ending.oomKilled) announce(world, record, 'oom');
    announce(world, record, 'die', { exitCode: String(ending.exitCode ?? -1) });
  });
  removeRunFiles(world, id, { awaitsRestart: pause !== undefined });
  if (spec.autoRemove && pause === undefined)
    await deleteContainer(world, { ...record, state: ended }, { volumes: true });
  return { exitCode: ending.exitCode ?? -1, ...(pause === undefined ? {} : { restartIn: pause }) };
}

/** Milliseconds. Where the clock was set back meanwhile, by that since boot: until now, which is hardly later. */
function ranFor({ startedAt, process }: StoredState, finishedAt: number): number {
  const ran = finishedAt - (startedAt ?? finishedAt);
  return ran >= 0 || process === undefined ? ran : (uptimeHundredths() - process.startTime) * 10;
}

/** What the keeper wrote goes with the run: its last words stay in the state. */
function lastHealth(world: World, { state, resolved }: ContainerRecord, paths: ContainerPaths) {
  if (resolved.health === undefined || state.bootId !== bootId()) return {};
  const log = readHealthLog(paths, resolved.health, world.clock());
  return { health: { ...readHealth(paths, { isKept: true }), log } };
}

/** After a reboot `reconcile` decides by other rules: the end says nothing about the container. */
function pauseBeforeRestart(
  policy: RestartPolicy | undefined,
  state: StoredState,
  how: Parameters<typeof decideRestart>[1],
) {
  return state.bootId === bootId() ? decideRestart(policy, how) : undefined;
}

type Ending = Pick<StoredState, 'exitCode' | 'exitUnknown' | 'oomKilled'> & { readonly finishedAt: number };

/** The monitor's exit file tells; without it and without a monitor, a dead process has an unknown code. */
function readEnding(world: World, record: ContainerRecord, paths: ContainerPaths): Ending | undefined {
  const { state } = record;
  const sameBoot = state.bootId === bootId();
  // Asked before the file is looked for: a monitor that is gone by now has written it.
  const alive = (identity: StoredState['process']) => sameBoot && identity !== undefined && isAlive(identity);
  const isWatched = alive(state.process) || alive(state.monitor);
  const exit = sameBoot ? readExit(paths.exitFile) : undefined;
  if (exit !== undefined) {
    const oomKilled = existsSync(join(paths.persist, 'oom')) || oomKills(cgroupOf(world.root, record)) > 0;
    return { ...exit, ...(oomKilled ? { oomKilled } : {}) };
  }
  return isWatched ? undefined : { exitUnknown: true, finishedAt: world.clock() };
}

function readExit(path: string): { exitCode: number; finishedAt: number } | undefined {
  const written = statSync(path, { throwIfNoEntry: false });
  if (written === undefined) return undefined;
  const text = readFileSync(path, 'utf8').trim();
  return /^\d+$/.test(text) ? { exitCode: Number(text), finishedAt: Math.trunc(written.mtimeMs) } : undefined;
}

/** A run's end is a good time to rotate its log; a failure of that must not keep the end from being recorded. */
function rotateQuietly({ log, control }: ContainerPaths, spec: LogSpec | undefined): void {
  try {
    rotateLog(log, control, planLog(spec));
  } catch {
    // Renamed it is already; only the monitor, which has ended, could not be told.
  }
}
