import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isPlimsollError, messageOf } from '../../../errors.ts';
import { preloadNative, unmount } from '../../kernel/index.ts';
import { layerEntries } from '../layer-entries.ts';
import { makeWhiteout } from '../whiteout.ts';
import type { StorageDriver } from './types.ts';

/**
 * Makes a small tree in an empty folder and works in it as containers do. Returns in a clause what does not work here,
 * if anything; the folder is empty again.
 */
export async function tryDriver(
  driver: StorageDriver,
  folder: string,
  opaqueXattr: string,
): Promise<string | undefined> {
  const paths = (...names: string[]) => names.map(name => join(folder, name));
  const [upper = '', work = '', target = '', scratch = ''] = paths('upper', 'work', 'merged', 'changed');
  try {
    for (const made of [...paths('layer/again', 'layer/gone', 'above'), upper, work, target, scratch])
      mkdirSync(made, { recursive: true });
    writeFileSync(join(folder, 'layer/again/old'), '');
    writeFileSync(join(folder, 'layer/hidden'), '');
    const native = await preloadNative();
    makeWhiteout(native, -1, Buffer.from(join(folder, 'above/hidden')));
    const place = { lowerBase: folder, lowers: ['above', 'layer'], upper, work };
    const seen = await driver.open(place, { target, disposable: true });
    writeFileSync(join(seen, 'new'), '');
    for (const name of ['again', 'gone']) rmSync(join(seen, name), { recursive: true });
    mkdirSync(join(seen, 'again'));
    const names = readdirSync(seen);
    if (names.includes('hidden')) return 'the file system takes no devices, which mark deletions in layers';
    if (names.includes('gone')) return 'what is deleted comes back';
    if (readdirSync(join(seen, 'again')).length > 0) return 'what was in a deleted folder comes back';
    await unmount(target);
    const entries = [...layerEntries(await driver.changed(place, () => scratch), { native, opaqueXattr })];
    const isAgain = ({ path, isOpaque }: (typeof entries)[number]) =>
      path === 'again/old' || (path === 'again' && isOpaque);
    if (!entries.some(({ path, kind }) => path === 'gone' && kind === 'whiteout'))
      return 'the file system cannot keep what was deleted';
    return entries.some(isAgain) ? undefined : 'the file system cannot keep that a folder was replaced';
  } catch (error) {
    return brief(error);
  } finally {
    await unmount(target, { lazy: true });
    for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/** What is said of a mount names paths that nobody knows, and ends in advice. */
function brief(error: unknown): string {
  const why = isPlimsollError(error) ? error.data?.why : undefined;
  if (typeof why !== 'string') return messageOf(error);
  return why.replace(/^mount: [^:]*: | on \/\S*/g, '').replace(/\.?;.*/s, '');
}
