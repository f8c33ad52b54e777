import { LogHistogram } from '../../lib/log-histogram.ts';
import type { ByteReader, ByteWriter } from '../../lib/varints.ts';

/** What one series has used in one span of time: what is kept of a minute and more. */
export interface UsageRecord {
  points: number;
  oomKills: number;
  peakBytes: number;
  periods: number;
  throttledPeriods: number;
  networkBytes: number;
  blockBytes: number;
  readonly cpu: LogHistogram;
  readonly memory: LogHistogram;
}

/** The counters of a record that add up, in the order in which they are written. */
const sums = ['points', 'oomKills', 'periods', 'throttledPeriods', 'networkBytes', 'blockBytes'] as const;

/** A record of nothing. */
export function emptyRecord(): UsageRecord {
  const none = { points: 0, oomKills: 0, peakBytes: 0, periods: 0, throttledPeriods: 0 };
  return { ...none, networkBytes: 0, blockBytes: 0, cpu: new LogHistogram(), memory: new LogHistogram() };
}

/** Adds `other` to `record`: as if all had been measured into one. */
export function mergeRecord(record: UsageRecord, other: UsageRecord): void {
  for (const name of sums) record[name] += other[name];
  record.peakBytes = Math.max(record.peakBytes, other.peakBytes);
  record.cpu.merge(other.cpu);
  record.memory.merge(other.memory);
}

export function writeRecord(writer: ByteWriter, record: UsageRecord): void {
  for (const name of sums) writer.varint(record[name]);
  writer.varint(record.peakBytes);
  record.cpu.write(writer);
  record.memory.write(writer);
}

/** What `writeRecord` wrote. */
export function readRecord(reader: ByteReader): UsageRecord {
  const record = emptyRecord();
  for (const name of sums) record[name] = reader.varint();
  return {
    ...record,
    peakBytes: reader.varint(),
    cpu: LogHistogram.read(reader),
    memory: LogHistogram.read(reader),
  };
}
