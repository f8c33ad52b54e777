/** One line of output as it was stored. */
export interface LogLine {
  /** Its number since the store was made; lines that were dropped are counted. */
  readonly number: number;
  /** RFC 3339, or empty. */
  readonly time: string;
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}

interface Segment {
  readonly bytes: Buffer;
  readonly starts: Uint32Array;
  length: number;
  lines: number;
}

const segmentBytes = 1 << 18;
const segmentLines = 1 << 13;

/**
 * Lines of output within a bound of bytes: when it is full, the oldest go, a segment at a time. Lines are kept as
 * bytes outside the heap and decoded only when they are looked at.
 */
export class LogStore {
  readonly #segments: Segment[] = [];
  readonly #maxBytes: number;
  readonly #maxLine: number;
  #first = 0;
  #end = 0;

  constructor(options: { maxBytes?: number; maxLineBytes?: number } = {}) {
    this.#maxBytes = options.maxBytes ?? 32 << 20;
    this.#maxLine = options.maxLineBytes ?? 4096;
  }

  /** Number of the oldest line that is kept. */
  get first(): number {
    return this.#first;
  }

  /** Number that the next line will get. */
  get end(): number {
    return this.#end;
  }

  append(line: {
    readonly time?: string;
    readonly stream: 'stdout' | 'stderr';
    readonly text: Buffer | string;
  }): void {
    const head = `${line.time ?? ''}\t${line.stream === 'stderr' ? 'e' : 'o'}\t`;
    const text = typeof line.text === 'string' ? Buffer.from(line.text) : line.text;
    const body = text.length > this.#maxLine ? text.subarray(0, this.#maxLine) : text;
    const size = head.length + body.length;
    const segment = this.#room(size);
    segment.starts[segment.lines++] = segment.length;
    segment.length += segment.bytes.write(head, segment.length, 'latin1');
    segment.length += body.copy(segment.bytes, segment.length);
    this.#end++;
  }

  /** Lines `from` (counted) up to but not `to`; what was dropped is left out. */
  read(from: number, to: number): LogLine[] {
    const lines: LogLine[] = [];
    let number = this.#first;
    for (const segment of this.#segments) {
      const next = number + segment.lines;
      for (let n = Math.max(from, number); n < Math.min(to, next); n++)
        lines.push(decode(segment, n - number, n));
      number = next;
      if (number >= to) break;
    }
    return lines;
  }

  /** Numbers of the lines that contain the text (case ignored unless it has a capital), newest first, `limit` at most. */
  search(text: string, limit = 10_000): number[] {
    const found: number[] = [];
    const exact = /[A-Z]/.test(text);
    const needle = exact ? text : text.toLowerCase();
    let number = this.#end;
    for (const segment of this.#segments.toReversed()) {
      number -= segment.lines;
      for (let i = segment.lines - 1; i >= 0 && found.length < limit; i--) {
        const line = decode(segment, i, number + i).text;
        if ((exact ? line : line.toLowerCase()).includes(needle)) found.push(number + i);
      }
    }
    return found;
  }

  #room(size: number): Segment {
    const last = this.#segments.at(-1);
    if (last !== undefined && last.length + size <= last.bytes.length && last.lines < segmentLines)
      return last;
    const segment = {
      bytes: Buffer.allocUnsafeSlow(Math.max(segmentBytes, size)),
      starts: new Uint32Array(segmentLines),
      length: 0,
      lines: 0,
    };
    this.#segments.push(segment);
    while (this.#segments.length > 1 && this.#segments.length * segmentBytes > this.#maxBytes)
      this.#first += this.#segments.shift()?.lines ?? 0;
    return segment;
  }
}

function decode(segment: Segment, index: number, number: number): LogLine {
  const start = segment.starts[index] ?? 0;
  const end = index + 1 < segment.lines ? (segment.starts[index + 1] ?? 0) : segment.length;
  const line = segment.bytes.toString('utf8', start, end);
  const tab = line.indexOf('\t');
  const stream = line.charAt(tab + 1) === 'e' ? 'stderr' : 'stdout';
  return { number, time: line.slice(0, tab), stream, text: line.slice(tab + 3) };
}
