import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LogHistogram } from '../../src/lib/log-histogram.ts';
import { ByteReader, ByteWriter } from '../../src/lib/varints.ts';

const values = fc.array(
  fc.oneof(
    fc.constant(0),
    fc.double({ min: 1e-4, max: 2 ** 45, noNaN: true }),
    fc.double({ min: 0.01, max: 64, noNaN: true }),
  ),
  { minLength: 1, maxLength: 300 },
);
const share = fc.double({ min: 0, max: 1, noNaN: true });

test('a quantile is within 1 % of the true one, and never above the largest value', () => {
  fc.assert(
    fc.property(values, share, (all, q) => {
      const sorted = all.toSorted((a, b) => a - b);
      const exact = sorted[Math.max(1, Math.ceil(q * all.length)) - 1] ?? 0;
      const told = histogramOf(all).quantile(q);
      assert.ok(Math.abs(told - exact) <= exact * 0.0101, `${told} instead of ${exact}`);
      assert.ok(told <= (sorted.at(-1) ?? 0));
    }),
  );
});

test('merging tells the same as having seen all, in whatever parts and order', () => {
  fc.assert(
    fc.property(fc.array(values, { minLength: 1, maxLength: 5 }), share, (parts, q) => {
      const whole = histogramOf(parts.flat());
      for (const order of [parts, parts.toReversed()]) {
        const merged = new LogHistogram();
        for (const part of order) merged.merge(histogramOf(part));
        assert.equal(merged.quantile(q), whole.quantile(q));
        assert.deepEqual([merged.count, merged.max], [whole.count, whole.max]);
        assert.ok(Math.abs(merged.mean - whole.mean) <= whole.mean * 1e-9);
      }
    }),
  );
});

test('what is written is read again', () => {
  fc.assert(
    fc.property(values, fc.integer({ min: 1, max: 100_000 }), share, (all, weight, q) => {
      const before = histogramOf(all, weight);
      const writer = new ByteWriter();
      before.write(writer);
      const reader = new ByteReader(writer.take());
      const after = LogHistogram.read(reader);
      assert.ok(reader.ended);
      assert.equal(after.count, before.count);
      assert.ok(Math.abs(after.quantile(q) - before.quantile(q)) <= before.quantile(q) * 1e-6);
    }),
  );
});

test('whole numbers up to 2^53 are written and read; past the end is an error', () => {
  fc.assert(
    fc.property(fc.array(fc.maxSafeNat()), numbers => {
      const writer = new ByteWriter();
      for (const number of numbers) writer.varint(number);
      const reader = new ByteReader(writer.take());
      assert.deepEqual(
        numbers.map(() => reader.varint()),
        numbers,
      );
      assert.throws(() => reader.varint(), RangeError);
      assert.throws(() => reader.raw(1), RangeError);
    }),
  );
});

test('the share above a value counts what is above it', () => {
  const histogram = histogramOf([0, 1, 1, 1, 5, 5, 9, 9, 9, 100]);
  assert.equal(histogram.shareAbove(7), 0.4);
  assert.equal(histogram.shareAbove(1000), 0);
  assert.equal(new LogHistogram().shareAbove(0), 0);
});

function histogramOf(all: readonly number[], weight = 1): LogHistogram {
  const histogram = new LogHistogram();
  for (const value of all) histogram.add(value, weight);
  return histogram;
}
