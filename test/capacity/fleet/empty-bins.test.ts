import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { emptyingBins, type Item, type Packing } from '../../../src/capacity/fleet/empty-bins.ts';
import { lowerBound } from '../../../src/capacity/fleet/lower-bound.ts';
import { atOnce } from '../../../src/lib/in-slices.ts';

const emptyBins = (packing: Packing) => atOnce(emptyingBins(packing));

/** Small enough to try everything. */
const smallPackings = fc.integer({ min: 1, max: 5 }).chain(bins =>
  fc.record({
    bins: fc.array(
      fc.record({
        room: fc.tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 12 })),
        value: fc.integer({ min: 1, max: 9 }),
        mayEmpty: fc.integer({ min: 0, max: 4 }).map(one => one > 0),
      }),
      { minLength: bins, maxLength: bins },
    ),
    items: fc.array(
      fc.record(
        {
          bin: fc.integer({ min: 0, max: bins - 1 }),
          needs: fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 6 })),
          group: fc.constantFrom('a', 'b'),
        },
        { requiredKeys: ['bin', 'needs'] },
      ),
      { maxLength: 7 },
    ),
  }),
);

test('emptyBins() never moves anything to where it does not fit', () => {
  fc.assert(
    fc.property(smallPackings, packing => {
      assertValid(packing, emptyBins(packing));
    }),
    { numRuns: 300 },
  );
});

test('emptyBins() finds the optimum of small cases, with few exceptions, and never more', () => {
  const cases = fc.sample(smallPackings, { numRuns: 300, seed: 7 });
  const results = cases.map(packing => ({ best: optimum(packing), found: emptyBins(packing).value }));
  for (const { best, found } of results) assert.ok(found <= best + 1e-9);
  const missed = results.filter(({ best, found }) => found < best - 1e-9);
  assert.ok(missed.length <= 6, `${missed.length} of ${results.length} are not optimal`);
  const sum = (of: (result: (typeof results)[number]) => number) =>
    results.reduce((total, result) => total + of(result), 0);
  assert.ok(sum(({ found }) => found) >= 0.99 * sum(({ best }) => best));
});

test('lowerBound() is never above what the optimum keeps', () => {
  fc.assert(
    fc.property(smallPackings, packing => {
      const all = packing.bins.reduce((sum, { value }) => sum + value, 0);
      assert.ok(lowerBound(packing) <= all - optimum(packing) + 1e-6);
    }),
    { numRuns: 200 },
  );
});

test('emptyBins() keeps what must not be emptied, and replicas apart', () => {
  const room = [10, 10];
  const bins = [0, 1, 2].map(b => ({ room, value: 1, mayEmpty: b !== 0 }));
  const replica = (bin: number): Item => ({ bin, needs: [1, 1], group: 'web' });
  const { emptied } = emptyBins({ bins, items: [replica(0), replica(1), { bin: 2, needs: [1, 1] }] });
  assert.equal(emptied.size, 1, 'two replicas need two bins');
  assert.ok(!emptied.has(0));
});

function assertValid({ bins, items }: Packing, { emptied, placed }: ReturnType<typeof emptyBins>): void {
  for (const bin of emptied) {
    assert.ok(bins[bin]?.mayEmpty);
    assert.ok(!placed.includes(bin), 'it is empty');
  }
  for (const [i, { bin }] of items.entries())
    if (!emptied.has(bin)) assert.equal(placed[i], bin, 'only what is in an emptied bin moves');
  for (const [b, { room }] of bins.entries()) {
    const inside = items.filter((_, i) => placed[i] === b);
    const came = inside.filter(({ bin }) => bin !== b);
    for (const [d, most] of room.entries())
      if (came.some(({ needs }) => (needs[d] ?? 0) > 0))
        assert.ok(inside.reduce((sum, { needs }) => sum + (needs[d] ?? 0), 0) <= most + 1e-6);
    for (const { group } of came)
      if (group !== undefined) assert.equal(inside.filter(other => other.group === group).length, 1);
  }
}

/** By trying every set of bins, and every way to place what is in them. */
function optimum({ bins, items }: Packing): number {
  let best = 0;
  for (let set = 0; set < 2 ** bins.length; set++) {
    const isGone = (bin: number) => ((set >> bin) & 1) === 1;
    if (bins.some(({ mayEmpty }, b) => isGone(b) && !mayEmpty)) continue;
    const value = bins.reduce((sum, bin, b) => sum + (isGone(b) ? bin.value : 0), 0);
    if (value > best && canPlace({ bins, items }, isGone)) best = value;
  }
  return best;
}

function canPlace({ bins, items }: Packing, isGone: (bin: number) => boolean): boolean {
  const staying = bins.map((_, b) => (isGone(b) ? [] : items.filter(({ bin }) => bin === b)));
  const moving = items.filter(({ bin }) => isGone(bin));
  const place = (next: number): boolean => {
    const item = moving[next];
    if (item === undefined) return true;
    return bins.some((bin, b) => {
      const inside = staying[b];
      if (isGone(b) || inside === undefined) return false;
      const fits = bin.room.every((room, d) => {
        const need = item.needs[d] ?? 0;
        return need === 0 || inside.reduce((sum, { needs }) => sum + (needs[d] ?? 0), need) <= room;
      });
      if (!fits || inside.some(({ group }) => group !== undefined && group === item.group)) return false;
      inside.push(item);
      const isPossible = place(next + 1);
      inside.pop();
      return isPossible;
    });
  };
  return place(0);
}
