import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { throwIfAborted } from '../../errors.ts';
import { preloadNative } from '../kernel/index.ts';
import { storageDriver } from './drivers/choose-storage.ts';
import { Mirror } from './drivers/mirror.ts';
import { makeScratch } from './scratch.ts';
import type { StageOptions } from './stage.ts';
import type { CoveredFolder } from './types.ts';

/** See `SnapshotService.cover`. */
export async function coverFolder(
  context: StageOptions,
  folder: string,
  options: { readonly hide?: readonly string[]; readonly signal?: AbortSignal },
): Promise<CoveredFolder> {
  throwIfAborted(options.signal, 'covering a folder');
  const scratch = makeScratch(context);
  try {
    const names = ['upper', 'work', 'merged', 'hidden'];
    const [upper = '', work = '', target = '', hidden = ''] = names.map(name => join(scratch.path, name));
    for (const made of [upper, work, target, hidden]) mkdirSync(made, { mode: 0o755 });
    symlinkSync(folder, join(scratch.path, 'lower')); // a name without characters that a mount option cannot have
    await whiteOut(hidden, folder, options.hide ?? []);
    const { driver } = await context.storage();
    const lowers = options.hide === undefined || options.hide.length === 0 ? ['lower'] : ['hidden', 'lower'];
    const place = { lowerBase: scratch.path, lowers, upper, work };
    const { signal } = options;
    const seen = await storageDriver(context.root, driver).open(place, { target, disposable: true, signal });
    return { target: seen, [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose]() };
  } catch (error) {
    await scratch[Symbol.asyncDispose]();
    throw error;
  }
}

/** Puts deletions into a folder that lies above another one, in folders like those below. */
async function whiteOut(above: string, folder: string, hide: readonly string[]): Promise<void> {
  if (hide.length === 0) return;
  const mirror = new Mirror({ native: await preloadNative(), from: folder, to: above });
  for (const path of hide) mirror.deletion(Buffer.from(path).toString('latin1'));
  mirror.finish();
}
