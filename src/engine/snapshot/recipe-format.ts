/**
 * How to put a layer's tar together again: a zstd stream of frames, each either raw bytes of the tar or a piece of a file
 * of the layer. (The same idea as docker's tar-split.) Written and read by this plimsoll only, so the first line counts
 * as its version.
 */
export type RecipeFrame =
  | { readonly kind: 'raw'; readonly bytes: Buffer }
  | { readonly kind: 'content'; readonly path: string; readonly offset: number; readonly length: number };

export const recipeMagic = Buffer.from('plimsoll recipe 1\n');

/** `R`, length, the bytes. */
export function rawFrame(bytes: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write('R', 0, 'latin1');
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** `C`, offset and length in the file, length of the path, the path (bytes as latin1). */
export function contentFrame({
  path,
  offset,
  length,
}: {
  path: string;
  offset: number;
  length: number;
}): Buffer {
  const head = Buffer.alloc(contentHead);
  head.write('C', 0, 'latin1');
  head.writeUIntBE(offset, 1, 6);
  head.writeUIntBE(length, 7, 6);
  head.writeUInt16BE(path.length, 13);
  return Buffer.concat([head, Buffer.from(path, 'latin1')]);
}

const contentHead = 15;

/** Reads frames as bytes come; `rest` are the bytes of a frame that is not whole yet. Throws `RangeError` for no recipe. */
export function readFrames(bytes: Buffer): { frames: RecipeFrame[]; rest: Buffer } {
  const frames: RecipeFrame[] = [];
  let at = 0;
  for (;;) {
    const frame = frameAt(bytes, at);
    if (frame === undefined) return { frames, rest: bytes.subarray(at) };
    frames.push(frame.frame);
    at = frame.end;
  }
}

function frameAt(bytes: Buffer, at: number): { frame: RecipeFrame; end: number } | undefined {
  const letter = bytes[at];
  if (letter === undefined) return undefined;
  if (letter === 0x52) {
    if (bytes.length < at + 5) return undefined;
    const end = at + 5 + bytes.readUInt32BE(at + 1);
    return bytes.length < end
      ? undefined
      : { frame: { kind: 'raw', bytes: bytes.subarray(at + 5, end) }, end };
  }
  if (letter !== 0x43) throw new RangeError('no frame of a recipe');
  if (bytes.length < at + contentHead) return undefined;
  const end = at + contentHead + bytes.readUInt16BE(at + 13);
  if (bytes.length < end) return undefined;
  const path = bytes.toString('latin1', at + contentHead, end);
  const frame = {
    kind: 'content',
    path,
    offset: bytes.readUIntBE(at + 1, 6),
    length: bytes.readUIntBE(at + 7, 6),
  } as const;
  return { frame, end };
}
