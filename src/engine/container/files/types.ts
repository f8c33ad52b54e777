import type { Readable } from 'node:stream';
import type { PathFacts } from '../../archive/index.ts';
import type { LayerChange } from '../../snapshot/index.ts';

export type { PathFacts } from '../../archive/index.ts';

/** How a path of a container differs from its image. */
export type FileChange = LayerChange;

/** How files that are written into a container come to be there. */
export interface WriteOptions {
  /** Who shall own them; default: whom the archive says. */
  readonly owner?: { readonly uid: number; readonly gid: number };
  /** No folder takes the place of a file, nor a file that of a folder: `conflict` (`OTHER_KIND`). */
  readonly keepKinds?: boolean;
  readonly signal?: AbortSignal;
  /** Told the bytes of content as they are written. */
  readonly onBytes?: (bytes: number) => void;
}

/** How a container is to become an image. */
export interface CommitRequest {
  /** The image's name; without one it has only its id. */
  readonly reference?: string;
  readonly author?: string;
  readonly message?: string;
  /** Dockerfile instructions that change no file: `CMD ["serve"]`. */
  readonly changes?: readonly string[];
  /** Stop its processes meanwhile, so that the files fit together. Default true. */
  readonly pause?: boolean;
  readonly signal?: AbortSignal;
}

/**
 * The files of containers, running or not. A `name` is as in `ContainerService`; a path is absolute in the container,
 * or relative to its root. No link leads out of the container, whatever its processes do meanwhile.
 */
export interface ContainerFiles {
  /** What is at a path (`follow`: what it leads to); undefined if there is nothing. */
  stat(name: string, path: string, options: { follow: boolean }): Promise<PathFacts | undefined>;
  /**
   * The tar of a file or folder; its names begin with the last part of the path, or with `.` where that is none
   * (`/srv/.`). Read it to its end or destroy it. Throws `not-found` (`PATH_NOT_FOUND`).
   */
  read(name: string, path: string, options?: { signal?: AbortSignal }): Promise<Readable>;
  /**
   * Unpacks a tar into a folder of the container. Throws `not-found`, `invalid-argument` (`NOT_A_FOLDER`,
   * `BAD_ARCHIVE`, `UNSAFE_ARCHIVE`), `conflict` (`READ_ONLY`).
   */
  write(name: string, folder: string, tar: AsyncIterable<Uint8Array>, options?: WriteOptions): Promise<void>;
  /** The tar of the whole root filesystem, without what is mounted into the container. */
  export(name: string, options?: { signal?: AbortSignal }): Promise<Readable>;
  /** What the container has changed in its image, by path; what was mounted on it is left out. */
  changes(name: string): Promise<FileChange[]>;
  /** Bytes on disk: what the container has written, and that with its image. */
  sizes(name: string): Promise<{ readonly writtenBytes: number; readonly totalBytes: number }>;
  /** Makes an image of a container: its image, what it changed, and how it runs. Returns the image's id. */
  commit(name: string, request?: CommitRequest): Promise<string>;
}
