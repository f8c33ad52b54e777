import type { Socket } from 'node:net';
import type { OutputPiece } from './types.ts';

/** Whatever the monitor sends at once fits in: it reads 8 KiB, and its buffer for clients has 32. */
const largestPacket = 32 * 1024;
/** A packet of at least this much has followers that wait already. */
const bulkBytes = 4 * 1024;
/** What may wait to be taken; beyond that nothing is read, and the monitor has the command wait. */
const mostWaiting = 128 * 1024;
const slabBytes = mostWaiting + largestPacket;

/** Memory for what is read in bulk, used again when all that was given out of it is released. */
interface Slab {
  readonly bytes: Buffer;
  /** How much is written; the first byte stays free. */
  used: number;
  /** Pieces that wait, or that somebody has. */
  pieces: number;
}

interface Waiting {
  readonly stream: OutputPiece['stream'];
  readonly slab: Slab;
  readonly from: number;
  to: number;
}

/**
 * The monitor's packets, each of which begins with a byte that names the stream (2 output, 3 error). Node reads one for
 * each turn of its loop, into memory of its own, and that costs more than the bytes do: those that wait behind a large one
 * are read here (`receive`), one after the other into the same memory, and given out as one piece for as long as the
 * stream is the same.
 */
export async function* readPackets(
  socket: Socket,
  receive: (into: Uint8Array) => number,
): AsyncGenerator<OutputPiece> {
  const waiting: Waiting[] = [];
  const free: Slab[] = [];
  let slab = newSlab(0);
  let [bytes, over, wake] = [0, socket.destroyed, () => {}];

  const makeRoom = (length: number) => {
    if (slab.bytes.length - slab.used >= length) return;
    if (slab.pieces === 0 && slab.bytes.length > 0) slab.used = 1;
    else slab = free.pop() ?? newSlab(slabBytes);
  };
  const release = (from: Slab) => {
    if (--from.pieces > 0 || from === slab || free.length > 0) return;
    from.used = 1;
    free.push(from);
  };
  const add = (name: number | undefined, length: number) => {
    const [stream, last] = [name === 3 ? ('stderr' as const) : ('stdout' as const), waiting.at(-1)];
    if (last?.slab === slab && last.stream === stream) last.to += length;
    else {
      waiting.push({ stream, slab, from: slab.used, to: slab.used + length });
      slab.pieces++;
    }
    slab.used += length;
    bytes += length;
  };
  /** The byte that names the stream comes to lie on the last one of what was read before, which is put back. */
  const readOn = (): boolean => {
    makeRoom(largestPacket);
    const at = slab.used - 1;
    const [before, length] = [slab.bytes[at] ?? 0, receive(slab.bytes.subarray(at))];
    const name = slab.bytes[at];
    slab.bytes[at] = before;
    if (length > 0) add(name, length - 1);
    return length > 0;
  };

  socket.on('data', (packet: Buffer) => {
    // What Node has read ahead comes first.
    const isLast = socket.readableLength === 0 && !socket.destroyed;
    makeRoom(packet.length);
    packet.copy(slab.bytes, slab.used, 1);
    add(packet[0], packet.length - 1);
    if (packet.length >= bulkBytes && isLast) while (bytes < mostWaiting && readOn());
    if (bytes >= mostWaiting) socket.pause();
    wake();
  });
  const end = () => {
    over = true;
    wake();
  };
  socket.on('end', end).on('close', end).resume();
  for (;;) {
    const piece = waiting.shift();
    if (piece !== undefined) {
      const { stream, slab: from } = piece;
      bytes -= piece.to - piece.from;
      if (bytes < mostWaiting) socket.resume();
      yield { stream, data: from.bytes.subarray(piece.from, piece.to), release: () => release(from) };
    } else if (over) {
      return;
    } else {
      await new Promise<void>(resolve => {
        wake = resolve;
      });
    }
  }
}

function newSlab(length: number): Slab {
  return { bytes: Buffer.allocUnsafeSlow(length), used: Math.min(length, 1), pieces: 0 };
}
