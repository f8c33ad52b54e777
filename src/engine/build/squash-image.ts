import type { ImageConfig } from '../../oci/index.ts';
import type { HeldLayer, SnapshotService } from '../snapshot/index.ts';

export interface SquashRequest {
  readonly config: ImageConfig;
  /** How many of its layers are the base's. */
  readonly baseLayers: number;
  readonly snapshots: Pick<SnapshotService, 'merge'>;
  readonly signal?: AbortSignal | undefined;
  /** Seconds since the epoch that no file is newer than. */
  readonly sourceDate?: number | undefined;
}

/**
 * An image's config with one layer in place of those above its base. Its history still tells every step, each without a
 * layer, as docker's `--squash` writes it.
 */
export async function squashImage(
  request: SquashRequest,
): Promise<{ readonly config: ImageConfig; readonly layer?: HeldLayer }> {
  const { config, baseLayers, snapshots, signal, sourceDate } = request;
  const added = config.rootfs.diff_ids.slice(baseLayers);
  if (added.length < 2) return { config };
  const layer = await snapshots.merge({
    ...{ below: config.rootfs.diff_ids.slice(0, baseLayers), layers: added, signal },
    ...(sourceDate === undefined ? {} : { sourceDateEpoch: sourceDate }),
  });
  let left = baseLayers;
  const history = config.history.map(entry => {
    if (entry.empty_layer === true || left-- > 0) return entry;
    return { ...entry, empty_layer: true };
  });
  const created = config.created === undefined ? {} : { created: config.created };
  return {
    layer,
    config: {
      ...config,
      rootfs: { type: 'layers', diff_ids: [...config.rootfs.diff_ids.slice(0, baseLayers), layer.diffId] },
      history: [...history, { ...created, comment: `${added.length} layers in one` }],
    },
  };
}
