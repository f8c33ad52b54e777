export interface Volume {
  readonly name: string;
  readonly path: string;
  readonly anonymous: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly created: number;
  /** Ids of containers that mount it. */
  readonly containers: readonly string[];
}

/** Named and anonymous folders that outlive containers. */
export interface VolumeService {
  list(): Volume[];
  /** Throws `not-found` (`VOLUME_NOT_FOUND`). */
  inspect(name: string): Volume;
  /** Makes the volume if it is not there; a missing name makes an anonymous one. */
  create(options?: { name?: string; labels?: Readonly<Record<string, string>> }): Volume;
  /** Throws `conflict` (`VOLUME_IN_USE`). */
  remove(name: string): Promise<void>;
  /** Binds a volume to a container, so that it is not removed under it. */
  use(name: string, container: string): Volume;
  release(container: string, options?: { removeAnonymous?: boolean }): Promise<void>;
}
