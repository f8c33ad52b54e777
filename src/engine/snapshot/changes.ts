import { existsSync, lstatSync, readdirSync, type Stats } from 'node:fs';
import { type Native, readXattr } from '../kernel/index.ts';
import type { Below } from './below.ts';
import type { LayerChange } from './types.ts';
import { isWhiteout } from './whiteout.ts';

export interface ChangesRequest {
  /** The folder of changes, as overlayfs wrote it. */
  readonly upper: string;
  readonly below: Below;
  readonly native: Native;
  readonly opaqueXattr: string;
  /**
   * Absolute paths that something was mounted on. Where they had to be made for that they are no change, as long as
   * nothing is in them.
   */
  readonly mountPoints: readonly string[];
  /** Told what is in the folder but no change: mount points, folders of which only the time differs. Deepest first. */
  readonly onUnchanged?: (absolute: Buffer) => void;
}

/** What a folder of changes changes in the layers below it, sorted by path, folders before what is in them. */
export function changesIn(request: ChangesRequest): LayerChange[] {
  if (!existsSync(request.upper)) return [];
  const folder = Buffer.from(request.upper).toString('latin1');
  const mountPoints = new Set(
    request.mountPoints.map(path => Buffer.from(path.replace(/^\/+/, '')).toString('latin1')),
  );
  return new Differ(request, folder, mountPoints).inFolder('');
}

class Differ {
  readonly #request: ChangesRequest;
  readonly #folder: string;
  readonly #mountPoints: ReadonlySet<string>;

  constructor(request: ChangesRequest, folder: string, mountPoints: ReadonlySet<string>) {
    this.#request = request;
    this.#folder = folder;
    this.#mountPoints = mountPoints;
  }

  inFolder(path: string): LayerChange[] {
    const here = Buffer.from(path === '' ? this.#folder : `${this.#folder}/${path}`, 'latin1');
    const names = readdirSync(here, { encoding: 'latin1' });
    return names.sort().flatMap(name => this.#at(path === '' ? name : `${path}/${name}`));
  }

  #at(path: string): LayerChange[] {
    const absolute = Buffer.from(`${this.#folder}/${path}`, 'latin1');
    const stats = lstatSync(absolute, { throwIfNoEntry: false });
    if (stats === undefined) return []; // gone again
    const { below } = this.#request;
    const before = below.at(path);
    if (isWhiteout(stats)) return before === undefined ? this.#drop(absolute) : [changeAt('deleted', path)];
    if (stats.isDirectory()) return this.#directory(path, absolute, stats, before);
    if (before === undefined && stats.size === 0 && this.#mountPoints.has(path)) return this.#drop(absolute);
    return [changeAt(before === undefined ? 'added' : 'changed', path)];
  }

  #directory(path: string, absolute: Buffer, stats: Stats, before: Stats | undefined): LayerChange[] {
    const names = readdirSync(absolute, { encoding: 'latin1' });
    const inside = this.inFolder(path);
    const empty = inside.length === 0;
    if (before === undefined) {
      // Made for a mount, or only because such a folder or file had to be in it.
      const forMounts = this.#mountPoints.has(path) || names.length > 0;
      return empty && forMounts ? this.#drop(absolute) : [changeAt('added', path), ...inside];
    }
    const hidden = this.#isOpaque(absolute) ? this.#hiddenIn(path, names) : [];
    const same = before.isDirectory() && sameOwnerAndMode(stats, before);
    if (empty && same && hidden.length === 0) return this.#drop(absolute);
    return [changeAt('changed', path), ...[...inside, ...hidden].sort(byPath)];
  }

  /** A folder that was deleted and made again: what it had, and has no more. */
  #hiddenIn(path: string, names: readonly string[]): LayerChange[] {
    const gone = this.#request.below.names(path).filter(name => !names.includes(name));
    return gone.map(name => changeAt('deleted', `${path}/${name}`));
  }

  #isOpaque(absolute: Buffer): boolean {
    const { native, opaqueXattr } = this.#request;
    return readXattr(native, absolute, opaqueXattr)?.toString('latin1') === 'y';
  }

  #drop(absolute: Buffer): [] {
    this.#request.onUnchanged?.(absolute);
    return [];
  }
}

function changeAt(kind: LayerChange['kind'], path: string): LayerChange {
  return { kind, path: `/${Buffer.from(path, 'latin1').toString('utf8')}` };
}

function byPath(a: LayerChange, b: LayerChange): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}

function sameOwnerAndMode(a: Stats, b: Stats): boolean {
  return a.mode === b.mode && a.uid === b.uid && a.gid === b.gid;
}
