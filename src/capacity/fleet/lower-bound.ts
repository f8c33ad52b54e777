import type { Bin, Packing } from './empty-bins.ts';

/**
 * The value of the bins that any repacking has to keep, at least: in each dimension alone, and as if items could be cut
 * in pieces, the bins that give most room for their value, for all that is needed. A bin that holds more than it has
 * room for counts as if it had that room.
 */
export function lowerBound({ bins, items }: Packing): number {
  const dimensions = (bins[0]?.room ?? []).map((_, d) => boundOf({ bins, items }, d));
  return Math.max(0, ...dimensions);
}

function boundOf({ bins, items }: Packing, d: number): number {
  const held = bins.map(() => 0);
  for (const { bin, needs } of items) held[bin] = (held[bin] ?? 0) + (needs[d] ?? 0);
  const rooms = bins.map((bin, b) => ({ bin, room: Math.max(bin.room[d] ?? 0, held[b] ?? 0) }));
  const staying = rooms.filter(({ bin }) => !bin.mayEmpty);
  const needed = held.reduce((sum, amount) => sum + amount, 0);
  const left = needed - staying.reduce((sum, { room }) => sum + room, 0) - 1e-6;
  const others = rooms.filter(({ bin, room }) => bin.mayEmpty && room > 0);
  others.sort((a, b) => a.bin.value / a.room - b.bin.value / b.room);
  return staying.reduce((sum, { bin }) => sum + bin.value, 0) + cover(others, left);
}

/** What the first of these are worth that together have so much room; of the last one a part. */
function cover(bins: readonly { readonly bin: Bin; readonly room: number }[], needed: number): number {
  let [left, value] = [needed, 0];
  for (const { bin, room } of bins) {
    if (left <= 0) break;
    value += bin.value * Math.min(1, left / room);
    left -= room;
  }
  return value;
}
