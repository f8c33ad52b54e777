import type { ByteReader, ByteWriter } from '../../lib/varints.ts';
import { emptyRecord, type UsageRecord } from './usage-record.ts';

/** How many seconds are written at once: what a crash may lose. */
export const slotSeconds = 10;

/** One measurement: cores and bytes. */
export interface SecondPoint {
  readonly cpu: number;
  readonly memory: number;
}

/** What one series did in ten seconds, second by second; a second without a measurement has no point. */
export interface Slot {
  readonly points: Map<number, SecondPoint>;
  oomKills: number;
  peakBytes: number;
  periods: number;
  throttledPeriods: number;
  networkBytes: number;
  blockBytes: number;
}

const sums = ['oomKills', 'periods', 'throttledPeriods', 'networkBytes', 'blockBytes'] as const;

export function emptySlot(): Slot {
  const none = { oomKills: 0, peakBytes: 0, periods: 0, throttledPeriods: 0 };
  return { points: new Map(), ...none, networkBytes: 0, blockBytes: 0 };
}

/** Adds what another process has measured in the same ten seconds. */
export function mergeSlot(slot: Slot, other: Slot): void {
  for (const [second, point] of other.points) slot.points.set(second, point);
  for (const name of sums) slot[name] += other[name];
  slot.peakBytes = Math.max(slot.peakBytes, other.peakBytes);
}

export function writeSlot(writer: ByteWriter, slot: Slot): void {
  for (const name of sums) writer.varint(slot[name]);
  writer.varint(slot.peakBytes);
  for (const [second, { cpu, memory }] of slot.points) {
    writer.byte(second);
    writer.float(cpu);
    writer.float(memory);
  }
}

/** What `writeSlot` wrote, to the end of the reader. */
export function readSlot(reader: ByteReader): Slot {
  const slot = emptySlot();
  for (const name of sums) slot[name] = reader.varint();
  slot.peakBytes = reader.varint();
  while (!reader.ended) slot.points.set(reader.byte(), { cpu: reader.float(), memory: reader.float() });
  return slot;
}

/** A slot as a record, in which each point stands for `weight` seconds. */
export function recordOfSlot({ points, ...counters }: Slot, weight: number): UsageRecord {
  const record = { ...emptyRecord(), ...counters, points: points.size };
  for (const { cpu, memory } of points.values()) {
    record.cpu.add(cpu, weight);
    record.memory.add(memory, weight);
  }
  return record;
}
