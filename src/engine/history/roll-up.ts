import { readEntries, writeEntries } from './entries.ts';
import type { HistoryFile, HistoryRow } from './history-file.ts';
import { readSlot, recordOfSlot, slotSeconds } from './slot.ts';
import { floorTo, tiers } from './tiers.ts';
import { mergeRecord, readRecord, type UsageRecord, writeRecord } from './usage-record.ts';

/**
 * Makes the rows of coarser tiers whose time is over by `now` (seconds), from finer ones that are on disk. So a process
 * that dies loses nothing but what it had not written: the next one makes the rows that are missing.
 */
export function rollUp(file: HistoryFile, now: number): void {
  for (const [tier, { seconds }] of tiers.entries()) {
    if (tier === 0) continue;
    const until = floorTo(now, seconds);
    const last = file.lastTime(tier, until);
    const from = last === undefined ? 0 : last + seconds;
    for (const time of file.times(tier - 1, from, until, seconds)) {
      const records = new Map<number, UsageRecord>();
      for (const row of file.rows(tier - 1, time, time + seconds)) addRow(records, tier - 1, row);
      file.put(tier, { time, data: writeEntries(records, writeRecord) });
    }
  }
}

/** Adds what a row holds, of all series or of one, to the records of series. */
export function addRow(
  records: Map<number, UsageRecord>,
  tier: number,
  { data }: HistoryRow,
  only?: number,
): void {
  for (const [series, record] of tier === 0 ? recordsOfSlots(data, only) : recordsOf(data, only)) {
    const known = records.get(series);
    if (known === undefined) records.set(series, record);
    else mergeRecord(known, record);
  }
}

function* recordsOf(data: Uint8Array, only?: number): Generator<readonly [number, UsageRecord]> {
  for (const [series, reader] of readEntries(data, only)) yield [series, readRecord(reader)];
}

/** How often was measured is told by all series together: one that began or ended in the slot has fewer points. */
function recordsOfSlots(data: Uint8Array, only?: number): (readonly [number, UsageRecord])[] {
  const slots = [...readEntries(data)].map(([series, reader]) => [series, readSlot(reader)] as const);
  const seconds = new Set(slots.flatMap(([, { points }]) => [...points.keys()]));
  const weight = Math.max(1, Math.floor(slotSeconds / Math.max(1, seconds.size)));
  return slots
    .filter(([series]) => only === undefined || series === only)
    .map(([series, slot]) => [series, recordOfSlot(slot, weight)] as const);
}
