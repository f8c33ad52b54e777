import { type Dirent, lstatSync, readdirSync, type Stats } from 'node:fs';
import { join } from 'node:path';

/**
 * True if a layer on top of others would not show: it holds nothing but folders that are below it as they are. (To put
 * a mount on /etc/hosts, overlayfs copies /etc up; the folder stays in the layer when the mount is gone.) `parents` are
 * the folders of the layers below, base first.
 */
export function changesNothing(layer: string, parents: readonly string[]): boolean {
  return folderChangesNothing(layer, '', [...parents].reverse());
}

function folderChangesNothing(layer: string, path: string, below: readonly string[]): boolean {
  const entries: Dirent[] = readdirSync(join(layer, path), { withFileTypes: true });
  return entries.every(entry => {
    if (!entry.isDirectory()) return false;
    const inner = join(path, entry.name);
    return (
      isSame(lstatSync(join(layer, inner)), statBelow(inner, below)) &&
      folderChangesNothing(layer, inner, below)
    );
  });
}

function statBelow(path: string, below: readonly string[]): Stats | undefined {
  for (const parent of below) {
    try {
      return lstatSync(join(parent, path));
    } catch {
      // not in this layer
    }
  }
  return undefined;
}

function isSame(a: Stats, b: Stats | undefined): boolean {
  return (
    b !== undefined && a.mode === b.mode && a.uid === b.uid && a.gid === b.gid && a.mtimeMs === b.mtimeMs
  );
}
