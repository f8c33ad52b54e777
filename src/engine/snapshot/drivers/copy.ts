import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  rmSync,
  type Stats,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { dirname } from 'node:path/posix';
import {
  bindMount,
  findMount,
  isContentXattr,
  type Native,
  preloadNative,
  readXattrs,
  replaceFile,
} from '../../kernel/index.ts';
import { clearWay } from '../clear-way.ts';
import { copyFolder } from '../copy-folder.ts';
import { mayMount } from '../overlay-rights.ts';
import { syncTogether } from '../sync-together.ts';
import { walkTree } from '../tree-tar.ts';
import { isWhiteout } from '../whiteout.ts';
import { Mirror, pathIn } from './mirror.ts';
import type { StorageDriver, TreePlace } from './types.ts';

/**
 * Trees as copies of their layers, which work everywhere: `upper` is the whole tree, and what was done to it is found by
 * comparing it with what it was. Each costs the bytes of all its layers (none where the file system shares blocks).
 */
export function copyDriver(opaqueXattr: string): StorageDriver {
  return {
    name: 'copy',
    open: async (place, { target, disposable, signal }) => {
      if (!existsSync(noteOf(place))) await fill(place, { opaqueXattr, disposable, signal });
      if (!mayMount()) return place.upper;
      if (findMount(target) === undefined) await bindMount(place.upper, target);
      return target;
    },
    changed: async (place, scratch) => {
      const to = scratch();
      if (existsSync(noteOf(place))) await collect(place, to);
      return to;
    },
  };
}

/** Says what a copy held when it was made. Without it the copy is not whole. */
function noteOf({ work }: TreePlace): string {
  return join(work, 'copied');
}

/** By path, as latin1. */
type Copied = ReadonlyMap<string, Facts>;
type Facts = Pick<Stats, (typeof factNames)[number]>;
const factNames = ['mode', 'uid', 'gid', 'size', 'rdev', 'nlink', 'ino', 'mtimeMs', 'ctimeMs'] as const;

/** Makes the copy; one that was broken off is begun anew. */
async function fill(
  place: TreePlace,
  {
    opaqueXattr,
    disposable,
    signal,
  }: { opaqueXattr: string; disposable: boolean | undefined; signal: AbortSignal | undefined },
): Promise<void> {
  const { upper } = place;
  for (const name of readdirSync(upper, { encoding: 'buffer' }))
    rmSync(pathIn(upper, name.toString('latin1')), { recursive: true });
  const native = await preloadNative();
  for (const layer of layersOf(place)) {
    clearWay(layer, upper, { native, opaqueXattr });
    await copyFolder(layer, upper, signal);
  }
  const entries = [...walkTree(Buffer.from(upper).toString('latin1'))];
  const [whiteouts, kept] = [entries.filter(isDeletion), entries.filter(entry => !isDeletion(entry))];
  for (const { absolute } of whiteouts) unlinkSync(absolute);
  // Looked at again where a whiteout went: that has changed its folder's time.
  const now = ({ absolute, stats }: (typeof entries)[number]) =>
    whiteouts.length > 0 && stats.isDirectory() ? lstatSync(absolute) : stats;
  const facts = kept.map(entry => [entry.path, factsOf(now(entry))] as const);
  const note = JSON.stringify(facts);
  if (disposable) return writeFileSync(noteOf(place), note);
  await syncTogether(upper);
  replaceFile(noteOf(place), note);
}

function isDeletion({ stats }: { readonly stats: Stats }): boolean {
  return isWhiteout(stats);
}

/** The folders of the layers, base first. */
function layersOf({ lowerBase, lowers }: TreePlace): string[] {
  return lowers.map(name => join(lowerBase, name)).reverse();
}

function factsOf(stats: Stats): Facts {
  return Object.fromEntries(factNames.map(name => [name, stats[name]])) as unknown as Facts;
}

/** Gathers what was done to a copy, as overlayfs would have written it. */
async function collect(place: TreePlace, to: string): Promise<void> {
  const native = await preloadNative();
  const copied: Copied = new Map(JSON.parse(readFileSync(noteOf(place), 'utf8')));
  const layers = layersOf(place).reverse();
  const mirror = new Mirror({ native, from: place.upper, to });
  const folders = new Set(['.']);
  const seen = new Set<string>();
  for (const { path, absolute, stats } of walkTree(Buffer.from(place.upper).toString('latin1'))) {
    seen.add(path);
    if (stats.isDirectory()) folders.add(path);
    const before = copied.get(path);
    if (before !== undefined && isUnchanged(before, stats, () => sameAsBelow(native, layers, path, absolute)))
      continue;
    if (stats.isDirectory()) mirror.folder(path);
    else mirror.file(path);
  }
  for (const path of copied.keys()) if (!seen.has(path) && folders.has(dirname(path))) mirror.deletion(path);
  mirror.finish();
}

/** What was touched since and has the same facts still is looked into. */
function isUnchanged(before: Facts, now: Stats, looksTheSame: () => boolean): boolean {
  const same =
    before.mode === now.mode &&
    before.uid === now.uid &&
    before.gid === now.gid &&
    before.mtimeMs === now.mtimeMs;
  if (!same || (now.isDirectory() && before.ino !== now.ino)) return false;
  if (!now.isDirectory() && (before.size !== now.size || before.rdev !== now.rdev)) return false;
  if (!now.isDirectory() && now.nlink > before.nlink) return false; // a new name is to be one of the same file
  return (before.ino === now.ino && before.ctimeMs === now.ctimeMs) || looksTheSame();
}

/** `layers`: their folders, topmost first. */
function sameAsBelow(native: Native, layers: readonly string[], path: string, absolute: Buffer): boolean {
  for (const layer of layers) {
    const place = pathIn(layer, path);
    const stats = lstatSync(place, { throwIfNoEntry: false });
    if (stats === undefined || isWhiteout(stats)) continue;
    if (attributesOf(native, place) !== attributesOf(native, absolute)) return false;
    if (stats.isDirectory()) return true; // its entries tell the rest
    return stats.isFile() && readFileSync(place).equals(readFileSync(absolute));
  }
  return false;
}

function attributesOf(native: Native, path: Buffer): string {
  return readXattrs(native, path)
    .filter(({ name }) => isContentXattr(name))
    .map(({ name, value }) => `${name}=${value.toString('latin1')}`)
    .join('\n');
}
