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
  const pieces: Buffer[] = [];
  for (let at = 0; at < log.length; ) {
    const end = endOfPiece(log, at);
    pieces.push(log.subarray(at, end));
    at = end + 1;
  }
  return Buffer.concat(pieces);
}

/** Pieces are whole but for the last; should one not be, it ends where a line feed is that no terminal makes. */
function endOfPiece(log: Buffer, start: number): number {
  if (log[start + pieceBytes] === lineFeed) return start + pieceBytes;
  if (start + pieceBytes >= log.length) return log.at(-1) === lineFeed ? log.length - 1 : log.length;
  let end = log.indexOf(lineFeed, start);
  while (end > 0 && log[end - 1] === carriageReturn) end = log.indexOf(lineFeed, end + 1);
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
