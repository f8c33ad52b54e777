import { rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { errnoOf } from '../../errors.ts';
import { identify } from '../kernel/index.ts';
import type { StoredState } from './records.ts';
import { pauseLeft, restartIfDue } from './restart-due.ts';
import { settle } from './settle.ts';
import type { ExitWatch } from './watch-exits.ts';
import { isLive, pathsOf, type World, withContainerLock } from './world.ts';

/** Runs that this process looks after: it records their ends, and restarts them, so that no other has to be started. */
export interface Attendance extends AsyncDisposable {
  /** From now until its end, or `release`. Does not keep the process alive. */
  attend(id: string): void;
  /** Leaves all to the monitors' exit commands, after what is being done right now. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** `report`: what goes wrong while nobody waits for it. */
export function createAttendance(
  world: World,
  exits: ExitWatch,
  report: (error: unknown) => void,
): Attendance {
  const stops = new Map<string, () => void>();
  const busy = new Set<Promise<void>>();
  const closing = new AbortController();
  const promise = promiseOfThis();

  const release = (id: string) => {
    stops.get(id)?.();
    stops.delete(id);
    rmSync(pathsOf(world.root, id).attended, { force: true });
  };
  const track = (work: Promise<void>) => {
    const tracked = work.catch(report).finally(() => busy.delete(tracked));
    busy.add(tracked);
  };
  const look = async (id: string) => {
    const restartIn = await settleNow(world, id);
    if (restartIn === 'runs') return;
    stops.get(id)?.();
    stops.delete(id);
    if (restartIn === 'ended') return;
    try {
      await sleep(restartIn, undefined, { signal: closing.signal, ref: false });
    } catch {
      return; // this process goes: the exit command takes over
    }
    if ((await restartIfDue(world, id)) === 'started') attend(id);
  };
  function attend(id: string) {
    if (closing.signal.aborted || stops.has(id)) return;
    try {
      writeFileSync(pathsOf(world.root, id).attended, promise);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error; // it has ended already, and been settled
    }
    let looking = false;
    const wake = () => {
      if (looking) return;
      looking = true;
      track(
        look(id).finally(() => {
          looking = false;
        }),
      );
    };
    stops.set(id, exits.listen(id, wake, { weak: true }));
    wake(); // it may have ended before the watch began
  }
  return {
    attend,
    async [Symbol.asyncDispose]() {
      closing.abort();
      await Promise.all(busy);
      for (const id of [...stops.keys()]) release(id);
    },
  };
}

/**
 * Promises that this process records the end that it is about to bring: the monitor's exit command then waits for that
 * instead of starting a plimsoll. A promise that is there already stands.
 */
export function promiseToSettle(world: World, id: string): void {
  try {
    writeFileSync(pathsOf(world.root, id).attended, promiseOfThis(), { flag: 'wx' });
  } catch (error) {
    if (!['EEXIST', 'ENOENT'].includes(errnoOf(error) ?? '')) throw error;
  }
}

function promiseOfThis(): string {
  return `${process.pid} ${identify(process.pid)?.startTime ?? 0}\n`;
}

/** `runs`, `ended`, or the pause in milliseconds before the next start. */
function settleNow(world: World, id: string): Promise<'runs' | 'ended' | number> {
  return withContainerLock(world, id, async () => {
    const record = world.records.byId(id);
    if (record === undefined) return 'ended';
    const settled = await settle(world, record);
    if (settled === undefined) return pending(world, record.state);
    return settled.restartIn ?? 'ended';
  });
}

function pending(world: World, state: StoredState): 'runs' | 'ended' | number {
  if (isLive(state)) return 'runs';
  if (state.status !== 'restarting') return 'ended';
  return Math.max(0, pauseLeft(state, world.clock()));
}
