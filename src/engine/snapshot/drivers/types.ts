/** How layers become a tree that can be written to, best first; what `PLIMSOLL_STORAGE` may say. */
export const driverNames = ['overlay', 'fuse-overlayfs', 'copy'] as const;
export type DriverName = (typeof driverNames)[number];

/** With which driver the trees of a root are made from now on, and why. */
export interface StorageChoice {
  readonly driver: DriverName;
  /** `PLIMSOLL_STORAGE` says so: nothing was tried. */
  readonly isForced: boolean;
  /** What keeps better ones from being taken, in a clause each. */
  readonly refused: Readonly<Partial<Record<DriverName, string>>>;
}

/** Layers, and where what is changed in the tree that they make is kept. */
export interface TreePlace {
  /** Folder that holds the layers. */
  readonly lowerBase: string;
  /** Names in `lowerBase`, topmost first; at least one. */
  readonly lowers: readonly string[];
  /** Keeps the changes, or the whole tree, in the driver's own way. Only what opens the tree writes to it. */
  readonly upper: string;
  /** For the driver's own notes; on the file system of `upper`. */
  readonly work: string;
}

export interface OpenTree {
  /** An empty folder, at which the tree is seen. */
  readonly target: string;
  /** Nobody will miss the changes after a power cut, so that nothing has to wait until they are on the disk. */
  readonly disposable?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes trees of layers. A tree is opened, worked in, and unmounted from its `target` (which does nothing where it is
 * not mounted); opened again it is as it was left, also after a reboot. Its life ends with the folders of its place.
 * The layers are never written to.
 */
export interface StorageDriver {
  readonly name: DriverName;
  /**
   * Opens the tree of a place, whose folders are there; does nothing if it is open. Returns where it is seen: `target`,
   * or elsewhere if the caller may not mount. What fails leaves nothing mounted, and what was changed before as it was.
   */
  open(place: TreePlace, options: OpenTree): Promise<string>;
  /**
   * A folder that holds what was changed as overlayfs writes it: whiteouts, opaque marks. Only to be read, for it may be
   * the place's own; made in `scratch` (called once, if at all; on the file system of `upper`) where it is not. The tree
   * may be open, and be worked in.
   */
  changed(place: TreePlace, scratch: () => string): Promise<string>;
}
