import { existsSync } from 'node:fs';
import type { ImageConfig, ImageHistory } from '../../../oci/index.ts';
import type { HeldLayer, SnapshotService } from '../../snapshot/index.ts';
import type { Root } from '../../store/index.ts';
import type { BuildImages } from '../build-images.ts';
import type { WorkCommitRequest, WorkingContainer } from './types.ts';
import { workTree } from './work-folder.ts';

export interface CommitOptions {
  readonly deps: {
    readonly root: Root;
    readonly snapshots: Pick<SnapshotService, 'capture' | 'entries' | 'removeLayer'>;
    readonly clock: () => number;
  };
  readonly images: Pick<BuildImages, 'create' | 'freeLayers'>;
}

/** Makes an image of a working container: one layer for all that was changed, none if nothing was. */
export async function commitWork(
  { deps, images }: CommitOptions,
  work: WorkingContainer,
  { references = [], signal }: WorkCommitRequest,
): Promise<string> {
  const { snapshots, root, clock } = deps;
  const tree = workTree(root, work);
  const options = signal === undefined ? {} : { signal };
  const isTouched = existsSync(tree.upper);
  const folder = { ...tree, mountPoints: [] };
  using layer = isTouched ? await snapshots.capture(folder, options) : undefined;
  const added = layer !== undefined && (await holdsAnything(snapshots, layer)) ? layer.diffId : undefined;
  const created = new Date(clock()).toISOString();
  const { platform, config, author, layers } = work;
  const whole: ImageConfig = {
    created,
    ...(author === undefined ? {} : { author }),
    ...platform,
    config,
    rootfs: { type: 'layers', diff_ids: added === undefined ? layers : [...layers, added] },
    history: [...work.history, ...(added === undefined ? [] : [lastEntry(created)])],
  };
  return images.create({ config: whole, references });
}

function lastEntry(created: string): ImageHistory {
  return { created, created_by: 'plimsoll work commit', comment: 'plimsoll' };
}

async function holdsAnything(
  snapshots: Pick<SnapshotService, 'entries'>,
  { diffId }: HeldLayer,
): Promise<boolean> {
  for await (const _ of snapshots.entries(diffId)) return true;
  return false;
}
