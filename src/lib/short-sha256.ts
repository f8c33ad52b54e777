/**
 * The sha256 of a short text, in hex: for names that are made from a path or an id. `node:crypto` is quicker by the
 * byte, but takes a tenth of a short command to load; what hashes contents uses that.
 */
export function shortSha256(text: string): string {
  const state = [...initial];
  const words = paddedWords(Buffer.from(text));
  for (let at = 0; at < words.length; at += 16) mix(state, words.slice(at, at + 16));
  return state.map(word => (word >>> 0).toString(16).padStart(8, '0')).join('');
}

/** FIPS 180-4, 5.1.1: a one bit, zeros, and the length in bits, up to a whole number of blocks of 16 words. */
function paddedWords(bytes: Buffer): number[] {
  const padded = Buffer.alloc(Math.ceil((bytes.length + 9) / 64) * 64);
  bytes.copy(padded);
  padded[bytes.length] = 0x80;
  padded.writeBigUInt64BE(BigInt(bytes.length) * 8n, padded.length - 8);
  return Array.from({ length: padded.length / 4 }, (_, i) => padded.readInt32BE(4 * i));
}

/** 6.2.2: one block into the state. */
function mix(state: number[], block: readonly number[]): void {
  const schedule = [...block];
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state;
  for (let t = 0; t < 64; t++) {
    const word = schedule[t] ?? expand(schedule, t);
    schedule[t] = word;
    const one =
      (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + at(rounds, t) + word) | 0;
    const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + two) | 0];
  }
  for (const [i, word] of [a, b, c, d, e, f, g, h].entries()) state[i] = (at(state, i) + word) | 0;
}

function expand(schedule: readonly number[], t: number): number {
  const early = at(schedule, t - 15);
  const late = at(schedule, t - 2);
  const small = turn(early, 7) ^ turn(early, 18) ^ (early >>> 3);
  const large = turn(late, 17) ^ turn(late, 19) ^ (late >>> 10);
  return (large + at(schedule, t - 7) + small + at(schedule, t - 16)) | 0;
}

function turn(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits));
}

function at(words: readonly number[], i: number): number {
  return words[i] ?? 0;
}

/** 4.2.2 and 5.3.3: the first 32 bits of what follows the point in cube and square roots of the first primes. */
const primes = Array.from({ length: 312 }, (_, n) => n).filter(isPrime);
const rounds = primes.map(prime => fraction(Math.cbrt(prime)));
const initial = primes.slice(0, 8).map(prime => fraction(Math.sqrt(prime)));

function isPrime(n: number): boolean {
  if (n < 2) return false;
  for (let divisor = 2; divisor * divisor <= n; divisor++) if (n % divisor === 0) return false;
  return true;
}

function fraction(root: number): number {
  return ((root % 1) * 2 ** 32) | 0;
}
