/** How much crun reads of a terminal at once when it flushes it. */
const pieceBytes = 255;
const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * The last output of a command that crun ran with a terminal. Where the command ends before crun has copied all of it,
 * crun writes the rest (4 KiB at most) to its log, as if it were its own words (`flush_fd_to_err` of its container.c): a
 * line of JSON for each piece, or, up to 1.8, the piece as it is with a line feed after it. `log` is all that the log of
 * such a command has.
 */
export function flushedOutput(log: Buffer): Buffer {
  const lines = log.toString('utf8').split('\n').filter(Boolean);
  const words = lines.map(wordsOf);
  if (words.every(each => each !== undefined)) return Buffer.from(words.join(''));
  const endOf = isCooked(log) ? endOfCookedPiece : endOfPiece;
  const pieces: Buffer[] = [];
  for (let at = 0; at < log.length; ) {
    const end = endOf(log, at);
    pieces.push(log.subarray(at, end));
    at = end + 1;
  }
  return Buffer.concat(pieces);
}

/** True for what a terminal has given its carriage returns: a line feed without one is between pieces. */
function isCooked(log: Buffer): boolean {
  const feeds = [...log.keys()].filter(at => log[at] === lineFeed);
  const own = feeds.filter(at => log[at - 1] === carriageReturn);
  return own.length * 2 >= feeds.length && own.length > 0;
}

/** Pieces are whole, or as short as what was there to read; a whole one may be cut between the two ends of a line. */
function endOfCookedPiece(log: Buffer, start: number): number {
  const whole = Math.min(start + pieceBytes, log.length);
  for (let at = start; at < whole; at++) {
    const before = log[at === start ? at - 2 : at - 1];
    if (log[at] === lineFeed && before !== carriageReturn) return at;
  }
  return whole;
}

/** Of what no terminal has changed: pieces are whole but for the last. */
function endOfPiece(log: Buffer, start: number): number {
  if (log[start + pieceBytes] === lineFeed) return start + pieceBytes;
  if (start + pieceBytes >= log.length) return log.at(-1) === lineFeed ? log.length - 1 : log.length;
  const end = log.indexOf(lineFeed, start);
  return end < 0 ? log.length : end;
}

function wordsOf(line: string): string | undefined {
  try {
    const { msg, level, time } = JSON.parse(line) as { msg?: string; level?: string; time?: string };
    return level === undefined || time === undefined ? undefined : msg;
  } catch {
    return undefined;
  }
}
