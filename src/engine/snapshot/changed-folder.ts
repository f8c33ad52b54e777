import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { storageDriver } from './drivers/choose-storage.ts';
import { makeScratch } from './scratch.ts';
import type { StageOptions } from './stage.ts';
import type { KeptTree } from './types.ts';

/** Shows `action` what was changed in a tree, in a folder as overlayfs writes it, to read only. */
export async function withChanged<T>(
  context: StageOptions,
  tree: KeptTree,
  action: (upper: string) => T | Promise<T>,
): Promise<T> {
  const { driver = 'overlay' } = tree;
  await using stack = new AsyncDisposableStack();
  const makeFolder = () => {
    const folder = join(stack.use(makeScratch(context)).path, 'changed');
    mkdirSync(folder, { mode: 0o755 });
    return folder;
  };
  const place = context.layers.place(tree);
  return await action(await storageDriver(context.root, driver).changed(place, makeFolder));
}
