/** A bin: what it has room for in each dimension, with nothing in it. */
export interface Bin {
  readonly room: readonly number[];
  /** What it is worth to have it empty. */
  readonly value: number;
  readonly mayEmpty: boolean;
}

/** An item, and the bin that it is in. */
export interface Item {
  readonly bin: number;
  /** In each dimension. */
  readonly needs: readonly number[];
  /** A bin takes one item of a group only; what is together already may stay so. */
  readonly group?: string;
}

/** Vector bins and the items in them. */
export interface Packing {
  readonly bins: readonly Bin[];
  readonly items: readonly Item[];
}

/** Which bins are empty in the end, and where each item is. */
export interface Repacking {
  readonly emptied: ReadonlySet<number>;
  /** By item. */
  readonly placed: readonly number[];
  /** Of the emptied bins together. */
  readonly value: number;
}

/** About so many comparisons of an item with a bin are made, however large the fleet is. */
const budget = 6e7;
const mostRounds = 150;
/** While one bin is emptied, so many items may take the place of another one, which is looked for so often. */
const mostSwaps = 4;
const mostLooks = 24;

/**
 * Empties bins of the highest value together by moving their items into others; the items of a bin that is not emptied
 * stay where they are. The problem is NP-hard, so this is an approximation: bins are tried one after the other, those
 * first that give most for what there is to move, each item into the bin that it fits tightest, largest item first;
 * where one does not fit, an item that came before makes room for it if it fits elsewhere. Then the same in other orders,
 * near the best one so far, as many as there is time for. The same problem has the same answer. Yields the share that is
 * done, for each bin.
 */
export function* emptyingBins(packing: Packing): Generator<number, Repacking> {
  const sizes = sizesOf(packing);
  const density = packing.bins.map(({ value }, b) => value / ((sizes.load[b] ?? 0) + 1e-3));
  const byDensity = ordered(packing, density);
  const starts = [
    byDensity,
    ordered(
      packing,
      sizes.load.map(load => -load),
    ),
    ordered(
      packing,
      packing.bins.map(({ value }) => value),
    ),
  ];
  const rounds = Math.min(
    mostRounds,
    Math.max(starts.length, Math.floor(budget / Math.max(1, packing.bins.length * packing.items.length))),
  );
  const random = randomNumbers(packing.items.length * 31 + packing.bins.length);
  let best: { order: readonly number[]; result: Repacking } | undefined;
  for (let round = 0; round < rounds; round++) {
    const order = starts[round] ?? shuffled(best?.order ?? byDensity, random);
    const repacking = repack(packing, sizes, order);
    let step = repacking.next();
    for (; !step.done; step = repacking.next()) yield (round + step.value) / rounds;
    if (best === undefined || isBetter(step.value, best.result, packing))
      best = { order, result: step.value };
  }
  return best?.result ?? { emptied: new Set(), placed: packing.items.map(({ bin }) => bin), value: 0 };
}

/** More value; with the same value fewer moves. */
function isBetter(one: Repacking, other: Repacking, { items }: Packing): boolean {
  if (Math.abs(one.value - other.value) > 1e-9) return one.value > other.value;
  const moves = ({ placed }: Repacking) => placed.filter((bin, i) => bin !== items[i]?.bin).length;
  return moves(one) < moves(other);
}

/** How large items and the contents of bins are: the largest share of an average bin in any dimension. */
interface Sizes {
  readonly scale: readonly number[];
  readonly item: readonly number[];
  readonly load: readonly number[];
}

function sizesOf({ bins, items }: Packing): Sizes {
  const dimensions = bins[0]?.room.length ?? 0;
  const scale = Array.from({ length: dimensions }, (_, d) => {
    const sum = bins.reduce((total, { room }) => total + Math.max(0, room[d] ?? 0), 0);
    return bins.length / Math.max(sum, 1e-9);
  });
  const sizeOf = (amounts: readonly number[]) =>
    amounts.reduce((most, amount, d) => Math.max(most, amount * (scale[d] ?? 0)), 0);
  const loads = bins.map(() => Array.from({ length: dimensions }, () => 0));
  for (const { bin, needs } of items) {
    const load = loads[bin];
    if (load !== undefined) for (const [d, need] of needs.entries()) load[d] = (load[d] ?? 0) + need;
  }
  return { scale, item: items.map(({ needs }) => sizeOf(needs)), load: loads.map(sizeOf) };
}

/** The bins that may be emptied, the highest score first. */
function ordered({ bins }: Packing, score: readonly number[]): number[] {
  const all = bins.flatMap(({ mayEmpty }, b) => (mayEmpty ? [b] : []));
  return all.sort((a, b) => (score[b] ?? 0) - (score[a] ?? 0) || a - b);
}

/** Some of the order changed: each of a few places changes with another one. */
function shuffled(order: readonly number[], random: () => number): number[] {
  const next = [...order];
  const swaps = 1 + Math.floor(random() * Math.max(1, order.length / 4));
  for (let k = 0; k < swaps; k++) {
    const [i, j] = [Math.floor(random() * order.length), Math.floor(random() * order.length)];
    const [a, b] = [next[i], next[j]];
    if (a !== undefined && b !== undefined) [next[i], next[j]] = [b, a];
  }
  return next;
}

/** Numbers in 0..1 that are the same each time (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Tries to empty the bins in this order. */
function* repack(packing: Packing, sizes: Sizes, order: readonly number[]): Generator<number, Repacking> {
  const state = new Contents(packing, sizes);
  const emptied = new Set<number>();
  let value = 0;
  for (const [done, bin] of order.entries()) {
    yield done / order.length;
    if (!state.tryToEmpty(bin)) continue;
    emptied.add(bin);
    value += packing.bins[bin]?.value ?? 0;
  }
  return { emptied, placed: [...state.placed], value };
}

/** What is in which bin while it is being repacked. */
class Contents {
  readonly placed: Int32Array;
  readonly #packing: Packing;
  readonly #sizes: Sizes;
  readonly #dimensions: number;
  /** Room that is left: bin by bin, all dimensions of each. */
  readonly #free: Float64Array;
  readonly #needs: Float64Array;
  readonly #inside: Set<number>[];
  /** What came into a bin from elsewhere, by bin. */
  readonly #guests: Set<number>[];
  /** Room that is left in all dimensions together, in average bins, by bin. */
  readonly #slack: Float64Array;
  /** Bins that may take something: all but those that were emptied. */
  #open: number[];
  /** Groups by bin, and how many items of each. */
  readonly #groups: Map<string, number>[];
  /** What was moved since the last bin was emptied, for taking it back. */
  #swapsLeft = 0;
  #log: { readonly item: number; readonly from: number }[] = [];

  constructor(packing: Packing, sizes: Sizes) {
    const { bins, items } = packing;
    this.#packing = packing;
    this.#sizes = sizes;
    this.#dimensions = sizes.scale.length;
    this.placed = Int32Array.from(items, ({ bin }) => bin);
    this.#free = Float64Array.from(bins.flatMap(({ room }) => room));
    this.#needs = Float64Array.from(items.flatMap(({ needs }) => needs));
    this.#inside = bins.map(() => new Set());
    this.#guests = bins.map(() => new Set());
    this.#groups = bins.map(() => new Map());
    this.#slack = new Float64Array(bins.length);
    for (const b of bins.keys()) this.#weigh(b);
    this.#open = [...bins.keys()];
    for (const [item, { bin }] of items.entries()) this.#put(item, bin, 1);
  }

  /** Moves all that is in a bin elsewhere, or changes nothing. */
  tryToEmpty(bin: number): boolean {
    this.#log = [];
    this.#swapsLeft = mostSwaps;
    const { item: sizeOf } = this.#sizes;
    const items = [...(this.#inside[bin] ?? [])].sort((a, b) => (sizeOf[b] ?? 0) - (sizeOf[a] ?? 0));
    for (const item of items) {
      const target = this.#tightest(item, bin);
      if (target >= 0) this.#move(item, target);
      else if (!this.#makeRoom(item, bin)) {
        for (const { item: moved, from } of this.#log.reverse()) {
          this.#put(moved, this.placed[moved] ?? from, -1);
          this.#put(moved, from, 1);
        }
        return false;
      }
    }
    this.#open = this.#open.filter(other => other !== bin);
    return true;
  }

  /** Puts an item where one that came from elsewhere is now, if that one fits into a third bin. */
  #makeRoom(item: number, source: number): boolean {
    if (--this.#swapsLeft < 0) return false;
    let looks = mostLooks;
    for (const bin of this.#open) {
      if (bin === source) continue;
      for (const guest of this.#guests[bin] ?? []) {
        if (!this.#fitsInPlaceOf(item, guest, bin)) continue;
        if (--looks < 0) return false;
        const elsewhere = this.#tightest(guest, source, bin);
        if (elsewhere < 0) continue;
        this.#move(guest, elsewhere);
        this.#move(item, bin);
        return true;
      }
    }
    return false;
  }

  #fitsInPlaceOf(item: number, guest: number, bin: number): boolean {
    const n = this.#dimensions;
    for (let d = 0; d < n; d++) {
      const room = (this.#free[bin * n + d] ?? 0) + (this.#needs[guest * n + d] ?? 0);
      if ((this.#needs[item * n + d] ?? 0) > room + 1e-9) return false;
    }
    const { group } = this.#packing.items[item] ?? {};
    if (group === undefined) return true;
    const leaves = this.#packing.items[guest]?.group === group ? 1 : 0;
    return (this.#groups[bin]?.get(group) ?? 0) - leaves <= 0;
  }

  /** The bin with the least room left once the item is in it, which is the one with the least now; -1: it fits nowhere. */
  #tightest(item: number, source: number, alsoNot = -1): number {
    const { group } = this.#packing.items[item] ?? {};
    let best = -1;
    let least = Number.POSITIVE_INFINITY;
    for (const bin of this.#open) {
      const slack = this.#slack[bin] ?? 0;
      if (slack >= least || bin === source || bin === alsoNot || !this.#fits(item, bin)) continue;
      if (group !== undefined && (this.#groups[bin]?.get(group) ?? 0) > 0) continue;
      least = slack;
      best = bin;
    }
    return best;
  }

  #fits(item: number, bin: number): boolean {
    const n = this.#dimensions;
    for (let d = 0; d < n; d++) {
      const need = this.#needs[item * n + d] ?? 0;
      if (need > 0 && (this.#free[bin * n + d] ?? 0) - need < -1e-9) return false;
    }
    return true;
  }

  #move(item: number, bin: number): void {
    const from = this.placed[item] ?? bin;
    this.#log.push({ item, from });
    this.#put(item, from, -1);
    this.#put(item, bin, 1);
  }

  /** Puts an item into a bin (1), or takes it out (-1). */
  #put(item: number, bin: number, sign: 1 | -1): void {
    const n = this.#dimensions;
    for (let d = 0; d < n; d++)
      this.#free[bin * n + d] = (this.#free[bin * n + d] ?? 0) - sign * (this.#needs[item * n + d] ?? 0);
    this.#weigh(bin);
    const isGuest = this.#packing.items[item]?.bin !== bin;
    if (sign === 1) {
      this.placed[item] = bin;
      this.#inside[bin]?.add(item);
      if (isGuest) this.#guests[bin]?.add(item);
    } else {
      this.#inside[bin]?.delete(item);
      if (isGuest) this.#guests[bin]?.delete(item);
    }
    const { group } = this.#packing.items[item] ?? {};
    const groups = this.#groups[bin];
    if (group !== undefined) groups?.set(group, (groups.get(group) ?? 0) + sign);
  }
  #weigh(bin: number): void {
    const n = this.#dimensions;
    let slack = 0;
    for (let d = 0; d < n; d++) slack += (this.#free[bin * n + d] ?? 0) * (this.#sizes.scale[d] ?? 0);
    this.#slack[bin] = slack;
  }
}
