import { existsSync } from 'node:fs';
import type { MountOperation } from '../plan/index.ts';
import type { ContextTrees } from '../solve/index.ts';
import { openContext, openFolder, type SourceTree } from '../source/index.ts';
import type { FailedRun } from '../types.ts';

/** Mounts of a step that failed, as far as what they show can still be had. */
export interface StepMounts {
  readonly mounts: readonly MountOperation[];
  readonly contexts: ContextTrees;
  /** What is left out, each a sentence. */
  readonly missing: readonly string[];
}

/**
 * Opens what the mounts of a failed step took from contexts again: as the build did, less what its ignore file leaves out.
 * A context that was fetched went with the build. Secrets and agents come from whoever looks, or not at all.
 */
export function stepMounts({ mounts, context, dockerfile, contexts }: FailedRun): StepMounts {
  const main = existsSync(context) ? open(() => contextTree(context, dockerfile)) : undefined;
  const named = new Map<string, SourceTree>();
  for (const [name, folder] of Object.entries(contexts)) {
    const tree = open(() => openFolder(folder));
    if (tree !== undefined) named.set(name, tree);
  }
  const isThere = (mount: MountOperation) => {
    if (mount.type !== 'bind' && mount.type !== 'cache') return true;
    if (mount.from?.kind !== 'context') return true;
    return mount.from.name === undefined ? main !== undefined : named.has(mount.from.name);
  };
  const nowhere = { root: '/nonexistent', filter: { excludes: () => true, mayIncludeBelow: () => false } };
  return {
    mounts: mounts.filter(isThere),
    contexts: { main: main ?? nowhere, named },
    missing: mounts
      .filter(mount => !isThere(mount))
      .map(({ target }) => `${target} is not mounted: the context that it was of is not there any more`),
  };
}

function contextTree(context: string, dockerfile: string): SourceTree {
  const { folder, filter } = openContext({ context, dockerfile });
  return { root: folder, filter };
}

function open(make: () => SourceTree): SourceTree | undefined {
  try {
    return make();
  } catch {
    return undefined; // it was moved or deleted since: its mounts are told to be missing
  }
}
