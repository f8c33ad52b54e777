/** What copying asks of a place for files: this machine, or a container. Paths as the user wrote them. */
export interface CopySide {
  /** What a path leads to, or is itself. */
  stat(path: string, options: { follow: boolean }): Promise<SideFacts | undefined>;
  /** The tar of what is at a path; its names begin with `name`. */
  read(path: string, name: string): Promise<AsyncIterable<Uint8Array>>;
  /** Unpacks a tar into a folder, which exists. */
  write(folder: string, tar: AsyncIterable<Uint8Array>): Promise<void>;
}

export interface SideFacts {
  readonly type: 'file' | 'directory' | 'symlink' | 'other';
  readonly linkTarget: string;
}

/** How a side writes. */
export interface SideOptions {
  /** Keep owners as they are at the source. */
  readonly archive: boolean;
  readonly signal: AbortSignal;
  readonly onBytes: (bytes: number) => void;
}
