import { Readable } from 'node:stream';
import { cancelled } from '../../errors.ts';
import type { ApplyChanges } from './archive/import-image.ts';
import type { ImageArchives } from './archive-types.ts';
import { type ImageServiceOptions, openImages } from './context.ts';

export interface ImageArchivesOptions extends ImageServiceOptions {
  readonly applyChanges: ApplyChanges;
}

/** Images of a root in files. */
export function createImageArchives({ applyChanges, ...options }: ImageArchivesOptions): ImageArchives {
  const context = openImages(options);
  return {
    save: async request => {
      const { saveImages } = await import('./archive/save-images.ts'); // listing images needs no archive
      return await saveImages(context, request);
    },
    rootfs: async (name, { signal } = {}) => {
      const { exportRootfs } = await import('./archive/export-rootfs.ts');
      return await exportRootfs(context, name, signal);
    },
    load: async request => {
      const { loadImages } = await import('./archive/load-images.ts');
      return await closing(request.archive, request.signal, () => loadImages(context, request));
    },
    importTar: async request => {
      const { importImage } = await import('./archive/import-image.ts');
      return await closing(request.tar, request.signal, () => importImage(context, applyChanges, request));
    },
  };
}

/** Ends a source that nobody reads to its end, and one that gives nothing when its reader is cancelled. */
async function closing<T>(
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
  action: () => Promise<T>,
): Promise<T> {
  if (!(source instanceof Readable)) return await action();
  const stop = () => source.destroy(cancelled('reading the archive'));
  signal?.addEventListener('abort', stop, { once: true });
  try {
    return await action();
  } finally {
    signal?.removeEventListener('abort', stop);
    source.destroy();
  }
}
