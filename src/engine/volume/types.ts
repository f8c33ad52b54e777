import type { Readable } from 'node:stream';

export interface Volume {
  readonly name: string;
  readonly path: string;
  readonly anonymous: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** Docker's `type`, `device` and `o`: what is mounted while somebody uses it. Empty: a folder of its own. */
  readonly options: Readonly<Record<string, string>>;
  readonly created: number;
  /** Ids of containers that mount it. */
  readonly containers: readonly string[];
}

/** Named and anonymous folders that outlive containers. */
export interface VolumeService {
  list(): Volume[];
  /** Throws `not-found` (`VOLUME_NOT_FOUND`). */
  inspect(name: string): Volume;
  /**
   * Makes the volume if it is not there; a missing name makes an anonymous one. Throws `conflict` (`VOLUME_DIFFERS`) if
   * it is there with other options, `invalid-argument`.
   */
  create(options?: VolumeRequest): Volume;
  /** Throws `conflict` (`VOLUME_IN_USE`). */
  remove(name: string): Promise<void>;
  /** Binds a volume to a container, so that it is not removed under it. */
  use(name: string, container: string): Volume;
  release(container: string, options?: { removeAnonymous?: boolean }): Promise<void>;
  /** Mounts what the options of a volume say, if that is not done. Throws `unavailable` (`VOLUME_MOUNT_FAILED`). */
  mount(name: string): Promise<void>;
  /** Unmounts what this container had mounted and no other needs. */
  unmount(container: string): Promise<void>;
  /** The files of a volume as a tar, as they stand. */
  export(name: string, options?: { signal?: AbortSignal }): Promise<Readable>;
  /** Puts the files of a tar into a volume, which is made if it is not there. */
  import(name: string, tar: Readable, options?: { signal?: AbortSignal }): Promise<void>;
  /** Bytes on disk, by name; of a volume with options: 0, as its bytes are elsewhere. */
  sizes(names: readonly string[]): Promise<ReadonlyMap<string, number>>;
}

export interface VolumeRequest {
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly options?: Readonly<Record<string, string>>;
}
