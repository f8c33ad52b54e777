/** Takes secret values out of a stream of output. */
export interface ValueHider {
  /** What can be shown now; the end of it is held back while it may be the beginning of a value. */
  push(chunk: Buffer): Buffer;
  /** What was held back. */
  end(): Buffer;
}

/** Values shorter than this are words like any other: to hide them would make the output unreadable and hide nothing. */
const LEAST_BYTES = 4;
const mask = Buffer.from('***');

/** Hides each of these values, and each line of one that has several, wherever a stream has it. */
export function hideValues(values: readonly Buffer[]): ValueHider {
  const needles = needlesOf(values);
  const longest = Math.max(0, ...needles.map(needle => needle.length));
  let held = Buffer.alloc(0);
  const take = (keep: number): Buffer => {
    const shown: Buffer[] = [];
    for (let found = firstOf(held, needles); found !== undefined; found = firstOf(held, needles)) {
      if (keep > 0 && mayGoOn(held.subarray(found.at), needles)) break; // a longer value has the same beginning
      shown.push(held.subarray(0, found.at), mask);
      held = held.subarray(found.at + found.length);
    }
    const safe = held.length - Math.min(keep, danglingLength(held, needles, longest));
    shown.push(held.subarray(0, safe));
    held = Buffer.from(held.subarray(safe));
    return Buffer.concat(shown);
  };
  if (needles.length === 0) return { push: chunk => chunk, end: () => Buffer.alloc(0) };
  return {
    push: chunk => {
      held = Buffer.concat([held, chunk]);
      return take(longest);
    },
    end: () => take(0),
  };
}

function needlesOf(values: readonly Buffer[]): Buffer[] {
  const texts = values.flatMap(value => {
    const whole = value.toString('latin1').replace(/\s+$/, '');
    return [whole, ...whole.split(/\r?\n/).map(line => line.trim())];
  });
  const wanted = [...new Set(texts)].filter(text => text.length >= LEAST_BYTES);
  return wanted.sort((a, b) => b.length - a.length).map(text => Buffer.from(text, 'latin1'));
}

/** The earliest value in some bytes, the longest of those that begin there. */
function firstOf(bytes: Buffer, needles: readonly Buffer[]): { at: number; length: number } | undefined {
  let first: { at: number; length: number } | undefined;
  for (const needle of needles) {
    const at = bytes.indexOf(needle);
    if (at >= 0 && (first === undefined || at < first.at)) first = { at, length: needle.length };
  }
  return first;
}

function mayGoOn(bytes: Buffer, needles: readonly Buffer[]): boolean {
  return needles.some(
    needle => needle.length > bytes.length && needle.subarray(0, bytes.length).equals(bytes),
  );
}

/** How many bytes at the end may be the beginning of a value. */
function danglingLength(bytes: Buffer, needles: readonly Buffer[], longest: number): number {
  for (let length = Math.min(longest - 1, bytes.length); length > 0; length--) {
    const end = bytes.subarray(bytes.length - length);
    if (needles.some(needle => needle.length > length && needle.subarray(0, length).equals(end)))
      return length;
  }
  return 0;
}
