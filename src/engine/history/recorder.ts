import { isPlimsollError } from '../../errors.ts';
import { takeLock } from '../kernel/index.ts';
import type { ContainerSample, ContainerUsage, StatsFrame } from '../stats/index.ts';
import { readEntries, writeEntries } from './entries.ts';
import { HistoryFile } from './history-file.ts';
import { rollUp } from './roll-up.ts';
import { emptySlot, mergeSlot, readSlot, type Slot, slotSeconds, writeSlot } from './slot.ts';
import { floorTo, tiers } from './tiers.ts';
import { type HistoryRecorder, machineId } from './types.ts';

export interface RecorderOptions {
  readonly path: string;
  /** Whoever holds the lock on this file is the recorder. */
  readonly lockPath: string;
  /** Most bytes that the history may take. */
  readonly budgetBytes: number;
  readonly report: (error: unknown) => void;
}

const retryMs = 5000;
/** Farther back the clock is not set for being a little fast. */
const farSeconds = 3600;

/** A recorder that writes ten seconds at a time, in one transaction each. */
export function createRecorder(options: RecorderOptions): HistoryRecorder {
  const { report } = options;
  let held: { readonly file: HistoryFile; readonly lock: Disposable } | undefined;
  let pending: Promise<void> | undefined;
  let triedAt = Number.NEGATIVE_INFINITY;
  let isReported = false;
  let isOver = false;
  let before: ReadonlyMap<string, ContainerSample> = new Map();
  let slots = new Map<string, Slot>();
  let slotTime = 0;

  const standBy = (now: number) => {
    if (pending !== undefined || now - triedAt < retryMs) return;
    triedAt = now;
    pending = acquire(options)
      .then(got => {
        held = got;
      }, failed)
      .finally(() => {
        pending = undefined;
      });
  };
  const failed = (error: unknown) => {
    if (!isReported) report(error);
    isReported = true;
  };
  const flush = () => {
    if (held === undefined || slots.size === 0) return;
    const written = slots;
    slots = new Map();
    try {
      writeSlots(held.file, slotTime, written, options.budgetBytes);
      isReported = false;
    } catch (error) {
      failed(error); // a full disk: these ten seconds become a gap
    }
  };
  return {
    get writes() {
      return held !== undefined;
    },
    add(frame) {
      if (isOver) return;
      const second = Math.floor(frame.host.time / 1000);
      const time = floorTo(second, slotSeconds);
      if (time !== slotTime) flush();
      // The clock was set back: what is written stays as it is. A clock that was wrong by far goes on from where it is.
      const isLate = time < slotTime && slotTime - time < farSeconds;
      if (held === undefined) standBy(performance.now());
      else if (!isLate) addFrame(slots, frame, before, second - time);
      if (!isLate) slotTime = time;
      before = new Map(usagesOf(frame).map(([id, { sample }]) => [id, sample]));
    },
    async [Symbol.asyncDispose]() {
      isOver = true;
      await pending;
      flush();
      held?.file[Symbol.dispose]();
      held?.lock[Symbol.dispose]();
      held = undefined;
    },
  };
}

/** The file and the lock on it, or undefined while another process has them. */
async function acquire({ path, lockPath }: RecorderOptions) {
  let lock: Disposable;
  try {
    lock = await takeLock(lockPath, { timeoutMs: 0 });
  } catch (error) {
    if (isPlimsollError(error, 'conflict')) return undefined;
    throw error;
  }
  try {
    return { lock, file: HistoryFile.openForWriting(path) };
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}

/** A container seen for the first time has no rates yet, and one that was restarted has none across the restart. */
function addFrame(
  slots: Map<string, Slot>,
  frame: StatsFrame,
  before: ReadonlyMap<string, ContainerSample>,
  second: number,
): void {
  const { host } = frame;
  if (before.size > 0 || slots.size > 0 || host.cpuCores > 0) {
    const machine = slotOf(slots, machineId);
    machine.points.set(second, { cpu: host.cpuCores + host.stealCores, memory: host.memoryUsedBytes });
  }
  for (const [id, usage] of usagesOf(frame)) {
    const previous = before.get(id);
    if (previous === undefined || usage.sample.cpu.usageSeconds < previous.cpu.usageSeconds) continue;
    addUsage(slotOf(slots, id), usage, previous, second);
  }
  addDeadly(slots, frame);
}

/**
 * A container that was killed for its memory takes the kernel's count of that along, so that only its engine tells. What
 * it had then is its limit, also where it got there between two frames.
 */
function addDeadly(slots: Map<string, Slot>, { happened = [], neighbours }: StatsFrame): void {
  const ended = new Set(happened.filter(({ action }) => action === 'die').map(({ id }) => id));
  for (const { action, id, limitBytes = 0 } of happened) {
    if (action !== 'oom' || (neighbours?.has(id) && !ended.has(id))) continue;
    const slot = slotOf(slots, id);
    slot.oomKills++;
    slot.peakBytes = Math.max(slot.peakBytes, limitBytes);
  }
}

/** Of our own containers and of those of other engines, whose ids say whose they are. */
function usagesOf({ containers, neighbours }: StatsFrame): (readonly [string, ContainerUsage])[] {
  return neighbours === undefined ? [...containers] : [...containers, ...neighbours];
}

function addUsage(slot: Slot, { cpuCores, sample }: ContainerUsage, before: ContainerSample, second: number) {
  const grown = (of: (sample: ContainerSample) => number) => Math.max(0, Math.round(of(sample) - of(before)));
  slot.points.set(second, { cpu: cpuCores, memory: sample.memory.workingSetBytes });
  slot.peakBytes = Math.max(slot.peakBytes, Math.ceil(sample.memory.peakBytes ?? 0));
  slot.oomKills += grown(({ memory }) => memory.oomKills);
  slot.periods += grown(({ cpu }) => cpu.periods);
  slot.throttledPeriods += grown(({ cpu }) => cpu.throttledPeriods);
  slot.networkBytes += grown(({ network }) => (network?.rxBytes ?? 0) + (network?.txBytes ?? 0));
  slot.blockBytes += grown(({ blockIo }) => blockIo.readBytes + blockIo.writeBytes);
}

function slotOf(slots: Map<string, Slot>, id: string): Slot {
  const slot = slots.get(id) ?? emptySlot();
  slots.set(id, slot);
  return slot;
}

function writeSlots(
  file: HistoryFile,
  time: number,
  slots: ReadonlyMap<string, Slot>,
  budgetBytes: number,
): void {
  file.transaction(() => {
    const entries = new Map([...slots].map(([id, slot]) => [file.seriesNumber(id, time), slot]));
    for (const row of file.rows(0, time, time + slotSeconds)) {
      for (const [series, reader] of readEntries(row.data)) {
        const other = readSlot(reader);
        const own = entries.get(series);
        if (own === undefined) entries.set(series, other);
        else mergeSlot(own, other);
      }
    }
    file.put(0, { time, data: writeEntries(entries, writeSlot) });
    rollUp(file, time + slotSeconds);
    trim(file, time, budgetBytes);
  });
}

/**
 * Lets go of what is older than its tier is kept; and, above the budget, of the oldest minutes, then quarters, then
 * seconds, but not of what the next coarser row is still to be made of.
 */
function trim(file: HistoryFile, now: number, budgetBytes: number): void {
  for (const [tier, { keepSeconds }] of tiers.entries()) file.forgetBefore(tier, now - keepSeconds);
  if (floorTo(now, 3600) === now) file.forgetSeriesBefore(now - (tiers.at(-1)?.keepSeconds ?? 0));
  for (const tier of [1, 2, 0]) {
    const before = now - 2 * (tiers[tier + 1]?.seconds ?? 0);
    while (file.usedBytes() > budgetBytes && file.forgetOldest(tier, before, 20));
  }
}
