import { readdirSync } from 'node:fs';
import { join, posix } from 'node:path';
import type { SourceTree } from './select-files.ts';

/**
 * Paths below a folder of a tree, relative to it, that its filter leaves out, each without what is below it: what has to
 * be hidden to show the folder as the build may see it. `folder` is relative to the tree's root.
 */
export async function hiddenPaths(
  tree: SourceTree,
  folder: string,
  pause: () => Promise<void> | undefined,
): Promise<string[]> {
  const hidden: string[] = [];
  const visit = async (below: string): Promise<void> => {
    for (const entry of readdirSync(join(tree.root, folder, below), { withFileTypes: true })) {
      await pause();
      const path = posix.join(below, entry.name);
      const inTree = posix.join(folder, path);
      const isLeftOut = tree.filter.excludes(inTree);
      if (!entry.isDirectory()) {
        if (isLeftOut) hidden.push(path);
      } else if (isLeftOut && !tree.filter.mayIncludeBelow(inTree)) hidden.push(path);
      else await visit(path);
    }
  };
  await visit('');
  return hidden;
}
