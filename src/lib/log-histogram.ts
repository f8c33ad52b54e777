import type { ByteReader, ByteWriter } from './varints.ts';

/** Two values closer than this to one another, as a share, may be told as one. */
const accuracy = 0.01;
const gamma = (1 + accuracy) / (1 - accuracy);
const logGamma = Math.log(gamma);
/** What is smaller counts as nothing. */
const smallest = 1e-5;
/** The bucket of nothing: below that of any value. */
const zeroBucket = Math.ceil(Math.log(smallest) / logGamma) - 1;

/**
 * How often which value was seen, in buckets that are 2 % wide whatever the size of the value (as DDSketch has it):
 * a quantile is right within 1 %, and stays so when histograms are merged, as merging adds up the counts of buckets.
 * Values are not negative.
 */
export class LogHistogram {
  readonly #counts = new Map<number, number>();
  #count = 0;
  #sum = 0;
  #max = 0;

  /** How much was added: the sum of the weights. */
  get count(): number {
    return this.#count;
  }

  /** The largest value, exactly as it was added (to seven digits, once it was written and read). */
  get max(): number {
    return this.#max;
  }

  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count;
  }

  /** Adds a value that was seen `weight` times, a whole number. */
  add(value: number, weight = 1): void {
    const bucket = value < smallest ? zeroBucket : Math.ceil(Math.log(value) / logGamma);
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + weight);
    this.#count += weight;
    this.#sum += value * weight;
    if (value > this.#max) this.#max = value;
  }

  /** Adds all that another one has seen. */
  merge(other: LogHistogram): void {
    for (const [bucket, count] of other.#counts)
      this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + count);
    this.#count += other.#count;
    this.#sum += other.#sum;
    if (other.#max > this.#max) this.#max = other.#max;
  }

  /** The value that this share (0..1) of what was seen does not exceed; 0 if nothing was seen. */
  quantile(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.#count));
    let seen = 0;
    for (const [bucket, count] of this.#sorted()) {
      seen += count;
      if (seen >= rank) return Math.min(middleOf(bucket), this.#max);
    }
    return this.#max;
  }

  /** The share of what was seen (0..1) that is above `value`. */
  shareAbove(value: number): number {
    let above = 0;
    for (const [bucket, count] of this.#counts) if (middleOf(bucket) > value) above += count;
    return this.#count === 0 ? 0 : above / this.#count;
  }

  /** A byte for most buckets, ten for the rest. */
  write(writer: ByteWriter): void {
    const sorted = this.#sorted();
    writer.varint(sorted.length);
    let before = zeroBucket - 1;
    for (const [bucket, count] of sorted) {
      const step = bucket - before;
      before = bucket;
      if (step < 16 && count < 16) writer.byte(step * 16 + count);
      else {
        writer.byte(0);
        writer.varint(step);
        writer.varint(count);
      }
    }
    writer.float(this.#sum);
    writer.float(this.#max);
  }

  /** What `write` wrote. */
  static read(reader: ByteReader): LogHistogram {
    const histogram = new LogHistogram();
    let bucket = zeroBucket - 1;
    for (let left = reader.varint(); left > 0; left--) {
      const both = reader.byte();
      bucket += both === 0 ? reader.varint() : both >> 4;
      const count = both === 0 ? reader.varint() : both & 15;
      histogram.#counts.set(bucket, count);
      histogram.#count += count;
    }
    histogram.#sum = reader.float();
    histogram.#max = reader.float();
    return histogram;
  }

  #sorted(): [number, number][] {
    return [...this.#counts].sort(([a], [b]) => a - b);
  }
}

/** The middle of a bucket: at most `accuracy` away from any value in it. */
function middleOf(bucket: number): number {
  return bucket === zeroBucket ? 0 : (2 * gamma ** bucket) / (gamma + 1);
}
