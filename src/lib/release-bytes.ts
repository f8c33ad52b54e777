/**
 * Gives the memory of a piece of a stream back at once. The garbage collector counts such pieces by their bytes: it lets
 * some 64 MiB of them gather for each thread, and then walks the whole heap to find them. For pieces that nobody looks at
 * any more; only the one that ends a buffer of its own frees it: small ones are cut from a pool (`Buffer.poolSize`).
 */
export function releaseBytes(piece: Uint8Array): void {
  const { buffer, byteOffset, byteLength } = piece;
  const isLast = byteOffset + byteLength === buffer.byteLength;
  const isOwn = byteOffset === 0 || buffer.byteLength > Buffer.poolSize;
  if (isLast && isOwn && buffer instanceof ArrayBuffer) buffer.transfer(0);
}
