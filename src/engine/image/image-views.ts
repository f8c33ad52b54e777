import type { ImageConfig, Platform } from '../../oci/index.ts';
import type { SnapshotService } from '../snapshot/index.ts';
import { createdAt } from './create-image.ts';
import type { ImageRecord, ImageRecords } from './image-records.ts';
import type { ImageDetails, ImageSummary } from './types.ts';

/** All images as a list shows them, newest first. */
export function summarise(records: ImageRecords, snapshots: SnapshotService): ImageSummary[] {
  const images = records.all();
  const sizes = new Map(snapshots.layers().map(layer => [layer.diffId, layer.sizeBytes]));
  const owners = new Map<string, number>();
  for (const image of images)
    for (const diffId of new Set(image.layers)) owners.set(diffId, (owners.get(diffId) ?? 0) + 1);
  return images.flatMap(image => {
    const own = [...new Set(image.layers)].filter(diffId => owners.get(diffId) === 1);
    const uniqueBytes = own.reduce((sum, diffId) => sum + (sizes.get(diffId) ?? 0), 0);
    return unlessRemoved(records, image, () => summaryOf(records, image, uniqueBytes)) ?? [];
  });
}

/** One image whole; of the others it looks at the records alone. Undefined: another process has just removed it. */
export function describe(
  record: ImageRecord,
  records: ImageRecords,
  snapshots: SnapshotService,
): ImageDetails | undefined {
  const layers = record.layers.map(diffId => ({
    diffId,
    sizeBytes: snapshots.layer(diffId)?.sizeBytes ?? 0,
  }));
  const others = records.all().filter(({ id }) => id !== record.id);
  const shared = new Set(others.flatMap(other => other.layers));
  const own = new Map(layers.filter(({ diffId }) => !shared.has(diffId)).map(each => [each.diffId, each]));
  const uniqueBytes = [...own.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return unlessRemoved(records, record, () => {
    const config = records.config(record.id);
    return {
      ...summaryOf(records, record, uniqueBytes),
      platform: platformOf(config),
      config,
      manifestDigest: record.manifest,
      layers,
      history: historyOf(config, layers, record.created),
    };
  });
}

/** What is found about an image, or undefined if another process has removed it meanwhile, with its content. */
export function unlessRemoved<T>(records: ImageRecords, { id }: ImageRecord, find: () => T): T | undefined {
  try {
    return find();
  } catch (error) {
    if (records.get(id) === undefined) return undefined;
    throw error;
  }
}

function summaryOf(records: ImageRecords, image: ImageRecord, uniqueBytes: number): ImageSummary {
  return {
    id: image.id,
    references: records.references(image.id),
    repoDigests: records.repoDigests(image.id),
    created: image.created,
    sizeBytes: image.sizeBytes,
    uniqueBytes,
    containers: records.containers(image.id).map(container => container.id),
    labels: records.config(image.id).config.Labels ?? {},
  };
}

function platformOf({ os, architecture, variant }: ImageConfig): Platform {
  return variant === undefined ? { os, architecture } : { os, architecture, variant };
}

/** History entries with the layers that they made: all but the empty ones, in order (OCI image spec, config). */
function historyOf(
  config: ImageConfig,
  layers: ImageDetails['layers'],
  fallback: number,
): ImageDetails['history'] {
  let index = 0;
  return config.history.map(entry => {
    const emptyLayer = entry.empty_layer ?? false;
    return {
      created: createdAt(entry.created) ?? fallback,
      createdBy: entry.created_by ?? '',
      ...(entry.comment === undefined ? {} : { comment: entry.comment }),
      emptyLayer,
      sizeBytes: emptyLayer ? 0 : (layers[index++]?.sizeBytes ?? 0),
    };
  });
}
