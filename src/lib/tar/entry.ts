/** The types of tar entries that carry files of a root filesystem; see pax(1), ustar typeflag. */
export type TarType = 'file' | 'link' | 'symlink' | 'character' | 'block' | 'directory' | 'fifo';

/** One member of a tar. Names are bytes as latin1 text, relative, without a trailing slash. */
export interface TarEntry {
  readonly name: string;
  readonly type: TarType;
  /** Permission bits with setuid, setgid, sticky. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of content that follow; 0 for all but files. */
  readonly size: number;
  /** Whole seconds since the epoch. */
  readonly mtime: number;
  /** Target of a link or symlink, else empty. */
  readonly linkName: string;
  /** For devices, else 0. */
  readonly major: number;
  readonly minor: number;
  /** Extended attributes, by name in byte order. */
  readonly xattrs: readonly { readonly name: string; readonly value: Uint8Array }[];
  /**
   * Of a file that is stored without its holes: its true size, and where the pieces stand that follow as content, one
   * after the other. `size` is then what they have together.
   */
  readonly sparse?: {
    readonly size: number;
    readonly pieces: readonly { readonly offset: number; readonly length: number }[];
  };
}

/** Nobody's, of no time, without content: what a mark has besides its name and type, so that it is the same each time. */
export const blankEntry: Omit<TarEntry, 'name' | 'type'> = {
  mode: 0,
  uid: 0,
  gid: 0,
  size: 0,
  mtime: 0,
  linkName: '',
  major: 0,
  minor: 0,
  xattrs: [],
};

/** A tar is made of blocks of this many bytes. */
export const tarBlock = 512;

/** How many zero bytes follow content of this size. */
export function tarPadding(size: number): number {
  return (tarBlock - (size % tarBlock)) % tarBlock;
}
