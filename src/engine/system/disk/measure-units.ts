import { lstatSync, readdirSync, realpathSync, type Stats } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { errnoOf, throwIfAborted } from '../../../errors.ts';
import { mountsBelow } from '../../kernel/index.ts';

/** What a unit of a root (`layers/<dir>`, `containers/<id>`, `plimsoll.db`) takes on its disk, by its path in the root. */
export type UnitBytes = ReadonlyMap<string, number>;

/** Folders whose members are units of their own. */
const shelves: ReadonlySet<string> = new Set([
  'blobs',
  'blobs/sha256',
  'builds',
  'containers',
  'downloads',
  'layers',
  'mounts',
  'recipes',
  'tmp',
  'tmp/trash',
  'volumes',
  'works',
]);

/**
 * Measures a root as `du -x` does: blocks, also of folders, files with several names once, nothing of other file systems.
 * All units together are what `du` says. What vanishes meanwhile counts nothing.
 */
export async function measureUnits(dataDir: string, signal?: AbortSignal): Promise<UnitBytes> {
  const units = new Map<string, number>();
  const seen = new Set<string>();
  const pending: { path: string; relative: string; unit: string }[] = [
    { path: Buffer.from(dataDir).toString('latin1'), relative: '', unit: '' },
  ];
  const real = Buffer.from(realpathSync(dataDir)).toString('latin1');
  const mounted = new Set(mountsBelow(dataDir).map(path => Buffer.from(path).toString('latin1')));
  let device: number | undefined;
  let since = performance.now();
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    throwIfAborted(signal, 'measuring the disk');
    const { path, relative, unit } = next;
    const stats = look(path);
    device ??= stats?.dev;
    if (relative !== '' && mounted.has(`${real}/${relative}`)) continue; // a copy may be bound to another place too
    if (stats === undefined || stats.dev !== device || isKnown(stats, seen)) continue;
    units.set(unit, (units.get(unit) ?? 0) + stats.blocks * 512);
    if (stats.isDirectory()) {
      const isShelf = relative === '' || (unit === relative && shelves.has(relative));
      for (const name of namesIn(path)) {
        const below = relative === '' ? name : `${relative}/${name}`;
        pending.push({ path: `${path}/${name}`, relative: below, unit: isShelf ? below : unit });
      }
    }
    if (performance.now() - since < 8) continue;
    await setImmediate(); // for timers, input and drawing
    since = performance.now();
  }
  return units;
}

function isKnown({ ino, nlink }: Stats, seen: Set<string>): boolean {
  if (nlink < 2) return false;
  const key = String(ino);
  if (seen.has(key)) return true;
  seen.add(key);
  return false;
}

/** Names are bytes as latin1: files in layers need not be called in UTF-8. */
function look(path: string): Stats | undefined {
  return unlessGone(() => lstatSync(Buffer.from(path, 'latin1')));
}

function namesIn(path: string): string[] {
  return unlessGone(() => readdirSync(Buffer.from(path, 'latin1'), 'latin1')) ?? [];
}

function unlessGone<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ENOTCONN'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}
