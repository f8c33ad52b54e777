import type { Readable } from 'node:stream';
import { cancelled, throwIfAborted } from '../../errors.ts';
import { releaseBytes } from '../../lib/release-bytes.ts';
import { tarReader } from '../../lib/tar/index.ts';
import { preloadNative } from '../kernel/index.ts';
import { LayerFiles } from './layer-files.ts';
import { type LayerRecorder, rewriteLayer } from './rewrite-layer.ts';

export interface UnpackOptions {
  /** An empty folder. */
  readonly folder: string;
  readonly opaqueXattr: string;
  /** Most bytes of all files. */
  readonly byteLimit?: number | undefined;
  readonly recorder?: LayerRecorder & { flush(): Promise<void> };
  /** Sees the archive as it comes, byte by byte. */
  readonly onBytes?: (bytes: Uint8Array) => void;
  /** Nobody else looks at the source's pieces: their memory is given back as they are done with. */
  readonly ownsPieces?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Unpacks a layer's tar. Returns the bytes of its files. After a failure the folder holds whatever there was time for.
 * Throws `BAD_ARCHIVE`, `UNSAFE_ARCHIVE`, `cancelled`, `resource-exhausted` for a full disk, or what the source throws.
 */
export async function unpackTar(source: Readable, options: UnpackOptions): Promise<{ fileBytes: number }> {
  const { signal } = options;
  if (signal?.aborted) throw cancelled('unpacking a layer');
  source.on('error', () => {}); // whoever reads it is told; nobody may be reading just now
  const stopped = Promise.withResolvers<never>(); // beside the reading, which may wait for bytes that never come
  stopped.promise.catch(() => {});
  const stop = () => {
    const reason = cancelled('unpacking a layer');
    stopped.reject(reason);
    source.destroy(reason);
  };
  signal?.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([unpack(source, options), stopped.promise]);
  } catch (error) {
    throw signal?.aborted ? cancelled('unpacking a layer') : error;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

async function unpack(source: Readable, options: UnpackOptions): Promise<{ fileBytes: number }> {
  const { folder, opaqueXattr, byteLimit, recorder, onBytes, ownsPieces = false, signal } = options;
  const native = await preloadNative();
  using files = new LayerFiles({ folder, native, opaqueXattr });
  const rewriter = rewriteLayer({
    opaqueXattr,
    ...(byteLimit === undefined ? {} : { byteLimit }),
    ...(recorder === undefined ? {} : { recorder }),
  });
  const reader = tarReader({
    sparse: true,
    ...(recorder === undefined ? {} : { onRaw: (bytes: Uint8Array) => recorder.raw(bytes) }),
  });
  const make = (parts: ReturnType<typeof reader.end>) => {
    for (const part of parts) for (const made of rewriter.part(part)) files.add(made);
  };
  for await (const bytes of source as AsyncIterable<Buffer>) {
    throwIfAborted(signal, 'unpacking a layer');
    onBytes?.(bytes);
    make(reader.push(bytes));
    await recorder?.flush();
    if (ownsPieces) releaseBytes(bytes);
  }
  // The caller is gone, and may be deleting the folder.
  throwIfAborted(signal, 'unpacking a layer');
  make(reader.end());
  files.finish();
  await recorder?.flush();
  return { fileBytes: rewriter.fileBytes() };
}
