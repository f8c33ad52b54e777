import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { errnoOf, PlimsollError, throwIfAborted } from '../../errors.ts';
import { monotonicMs } from '../../lib/monotonic-ms.ts';
import { isAlive } from '../kernel/index.ts';
import { setFrozen } from '../runtime/index.ts';
import { promiseToSettle } from './attend.ts';
import type { ContainerRecord } from './records.ts';
import { settle } from './settle.ts';
import { takeDown } from './take-down.ts';
import { notRunning } from './transitions.ts';
import type { StopOptions } from './types.ts';
import { announce, cgroupOf, isLive, type World, withContainerLock } from './world.ts';

/**
 * Stops a container: its stop signal, the grace, SIGKILL; returns when the end is recorded. One that waits for its
 * restart policy is just not restarted; one that does not run is left alone.
 */
export async function stopContainer(
  world: World,
  id: string,
  { stopSignal, timeoutSeconds, signal }: StopOptions,
): Promise<void> {
  if (stopSignal !== undefined) parseSignal(stopSignal);
  const record = await markStopped(world, id, signal);
  if (record === undefined) return;
  promiseToSettle(world, id);
  await endGently(world, record, {
    ...(stopSignal === undefined ? {} : { stopSignal }),
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    ...(signal === undefined ? {} : { signal }),
  });
  const { db } = world;
  db.transaction(() => announce(world, record, 'stop'));
}

/** The stop signal, the grace, SIGKILL; returns when the end is recorded. */
async function endGently(
  world: World,
  record: ContainerRecord,
  { stopSignal, timeoutSeconds, signal }: StopOptions,
): Promise<void> {
  const grace = timeoutSeconds ?? record.spec.stopTimeoutSeconds ?? 10;
  await sendSignal(world, record, stopSignal ?? record.resolved.stopSignal);
  const ended = await waitForEnd(record, grace < 0 ? Number.POSITIVE_INFINITY : grace * 1000, signal);
  if (!ended) {
    await sendSignal(world, record, 'SIGKILL');
    await waitForEnd(record, Number.POSITIVE_INFINITY, signal);
  }
  await settleEnded(world, record);
}

/**
 * Stops a container so that it is started again, whatever its restart policy says: by whoever records its end, so that
 * it comes up also if this process is killed meanwhile. Returns when its end is recorded.
 */
export async function stopForRestart(world: World, id: string): Promise<void> {
  const record = await withContainerLock(world, id, async () => {
    const now = world.records.byId(id);
    if (now === undefined || !isLive(now.state)) return undefined;
    world.records.saveState(id, { ...now.state, restartWanted: true });
    return now;
  });
  if (record === undefined) return;
  await endGently(world, record, {});
}

/** Kills a container at once and records its end; for a forced removal. */
export async function killToEnd(world: World, record: ContainerRecord): Promise<void> {
  promiseToSettle(world, record.id);
  await sendSignal(world, record, 'SIGKILL');
  await waitForEnd(record, Number.POSITIVE_INFINITY, undefined);
  await settleEnded(world, record);
}

/**
 * Sends one signal by name or number to a running container's first process, and thaws a paused one for it. `byUser`:
 * a signal that ends it is a person's will, against which no restart policy acts.
 */
export async function killContainer(
  world: World,
  record: ContainerRecord,
  signal: string,
  { byUser = true } = {},
): Promise<void> {
  const number = parseSignal(signal);
  if (!isLive(record.state))
    notRunning(record.name, record.state.status, 'there is nothing to send a signal to: start it first');
  const meant = number === constants.signals.SIGKILL || number === parseSignal(record.resolved.stopSignal);
  if (meant && byUser) await markStopped(world, record.id, undefined);
  await sendSignal(world, record, signal);
}

/** The number of a signal such as `TERM`, `SIGTERM`, `sigterm`, `15` or `RTMIN+3`. Throws `invalid-argument`. */
export function parseSignal(text: string): number {
  const name = text.toUpperCase().replace(/^SIG/, '');
  const known = constants.signals[`SIG${name}` as keyof typeof constants.signals];
  if (known !== undefined) return known;
  const realtime = /^RTM(IN|AX)(?:([+-])(\d{1,2}))?$/.exec(name);
  const [SIGRTMIN, SIGRTMAX] = [34, 64]; // as glibc numbers them: signal(7)
  const offset = Number(`${realtime?.[2] ?? '+'}${realtime?.[3] ?? 0}`);
  const number =
    realtime === null ? Number(name || Number.NaN) : (realtime[1] === 'IN' ? SIGRTMIN : SIGRTMAX) + offset;
  if (Number.isInteger(number) && number >= 1 && number <= SIGRTMAX) return number;
  throw new PlimsollError('invalid-argument', `"${text}" is no signal`, {
    code: 'SIGNAL_UNKNOWN',
    hint: 'use a name such as TERM or HUP, or a number from 1 to 64',
    data: { signal: text },
  });
}

async function markStopped(
  world: World,
  id: string,
  signal: AbortSignal | undefined,
): Promise<ContainerRecord | undefined> {
  return await withContainerLock(
    world,
    id,
    async () => {
      const record = world.records.byId(id);
      if (record === undefined) return undefined;
      if (record.state.status === 'restarting') {
        await takeDown(world, id);
        const { restartAt: _, backoffMs: __, ...state } = record.state;
        world.db.transaction(() => {
          world.records.saveState(id, { ...state, status: 'exited', stoppedByUser: true });
          announce(world, record, 'stop');
        });
        return undefined;
      }
      if (!isLive(record.state)) return undefined;
      const stopped = { ...record, state: { ...record.state, stoppedByUser: true } };
      world.records.saveState(id, stopped.state);
      return stopped;
    },
    signal === undefined ? {} : { signal },
  );
}

async function sendSignal(world: World, record: ContainerRecord, signal: string): Promise<void> {
  const number = parseSignal(signal);
  const target = record.state.process;
  if (target !== undefined && isAlive(target)) {
    try {
      process.kill(target.pid, number);
    } catch (error) {
      if (errnoOf(error) !== 'ESRCH') throw error;
    }
    world.db.transaction(() => announce(world, record, 'kill', { signal: String(number) }));
  }
  if (record.state.status === 'paused') await setFrozen(cgroupOf(world.root, record), false);
}

/** True once the process is gone; false when the time is over. */
async function waitForEnd(
  { name, state }: ContainerRecord,
  ms: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const over = monotonicMs() + ms;
  for (let pause = 1; ; pause = Math.min(pause * 1.3, 50)) {
    if (state.process === undefined || !isAlive(state.process)) return true;
    if (monotonicMs() >= over) return false;
    throwIfAborted(signal, `stopping "${name}"`);
    await sleep(pause);
  }
}

/** Waits for the monitor's word (it writes the exit code just after the process is gone) and records it. */
async function settleEnded(world: World, { id, state }: ContainerRecord): Promise<void> {
  for (let pause = 1; ; pause = Math.min(pause * 1.3, 50)) {
    const over = await withContainerLock(world, id, async () => {
      const now = world.records.byId(id);
      if (now === undefined || now.state.run !== state.run || !isLive(now.state)) return true;
      return (await settle(world, now)) !== undefined;
    });
    if (over) return;
    await sleep(pause);
  }
}
