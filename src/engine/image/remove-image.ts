import { PlimsollError } from '../../errors.ts';
import { matchesLabel } from '../../lib/matches-label.ts';
import type { ImageContext } from './context.ts';
import { type ImageRecord, type ImageRecords, nameCandidates } from './image-records.ts';
import { resolveImage } from './resolve-image.ts';
import type { ImagePruneOptions } from './types.ts';

/** Takes away a name, or an image with all its names; see `ImageService.remove`. */
export async function removeImage(
  context: ImageContext,
  name: string,
  force: boolean,
): Promise<{ untagged: string[]; deleted: string[] }> {
  const { db, records } = context;
  const { image, untagged, whole } = db.transaction(
    () => {
      const image = resolveImage(records, name);
      const references = records.references(image.id);
      const going = meantReferences(name, references);
      if (going.length > 1 && !force) refuseSeveral(name, going);
      const last = going.length === references.length;
      if (last) refuseUsed(records, image, name, force);
      for (const reference of going) untag(context, reference, image.id);
      const whole = last && records.containers(image.id).length === 0;
      if (whole) forget(context, image);
      return { image, untagged: [...going], whole };
    },
    { durable: true },
  );
  if (!whole) return { untagged, deleted: [] };
  const { deleted } = await free(context, image);
  return { untagged, deleted: [image.id, ...deleted] };
}

/** Frees images that nothing needs: without a name, or (`all`) without a container. Then layers that nothing names. */
export async function pruneImages(
  context: ImageContext,
  options: ImagePruneOptions,
): Promise<{ deleted: string[]; reclaimedBytes: number }> {
  const { db, records, snapshots } = context;
  const images = db.transaction(
    () => {
      const unused = records.all().filter(image => {
        if (records.containers(image.id).length > 0) return false;
        if (options.all !== true && records.references(image.id).length > 0) return false;
        return isMeant(records, image, options);
      });
      for (const image of unused) {
        for (const reference of records.references(image.id)) untag(context, reference, image.id);
        forget(context, image);
      }
      return unused;
    },
    { durable: true },
  );
  const freed = await freeLayers(
    context,
    snapshots.layers().map(layer => layer.diffId),
  );
  context.downloads.sweep();
  const downloads = context.downloads.prune();
  return {
    deleted: [...images.map(image => image.id), ...freed.deleted],
    reclaimedBytes: downloads.reduce((sum, { bytes }) => sum + bytes, freed.reclaimedBytes),
  };
}

function isMeant(
  records: ImageRecords,
  { id, created }: ImageRecord,
  { until, labels: wanted = [], withoutLabels = [] }: ImagePruneOptions,
): boolean {
  const labels = records.config(id).config.Labels ?? {};
  return (
    (until === undefined || created < until) &&
    wanted.every(label => matchesLabel(labels, label)) &&
    !withoutLabels.some(label => matchesLabel(labels, label))
  );
}

/** Frees those layers that nothing refers to, and every blob that nothing names; see `ImageStore.freeLayers`. */
export async function freeLayers(
  { db, blobs, records, snapshots }: ImageContext,
  diffIds: readonly string[],
): Promise<{ deleted: string[]; reclaimedBytes: number }> {
  const deleted: string[] = [];
  let reclaimedBytes = 0;
  for (const diffId of diffIds) {
    const layer = await snapshots.removeLayer(diffId, records.usesLayer);
    if (layer === undefined) continue;
    deleted.push(diffId);
    reclaimedBytes += layer.freedBytes;
  }
  db.run('DELETE FROM layer_blobs WHERE diff_id NOT IN (SELECT diff_id FROM layers)');
  reclaimedBytes += blobs.prune();
  db.run('DELETE FROM blob_sources WHERE digest NOT IN (SELECT digest FROM layer_blobs)');
  return { deleted, reclaimedBytes };
}

/** A name goes alone; an id goes with all names of its image. */
function meantReferences(name: string, references: readonly string[]): readonly string[] {
  const meant = nameCandidates(name).find(reference => references.includes(reference));
  return meant === undefined ? references : [meant];
}

function untag({ db, events }: ImageContext, reference: string, id: string): void {
  db.run('DELETE FROM tags WHERE reference = ?', reference);
  events.emit('image', 'untag', id, { name: reference });
}

function forget({ db, events }: ImageContext, { id }: ImageRecord): void {
  db.run('DELETE FROM image_digests WHERE image = ?', id);
  db.run('DELETE FROM attestations WHERE image = ?', id);
  db.run('DELETE FROM images WHERE id = ?', id);
  events.emit('image', 'delete', id);
}

async function free(context: ImageContext, image: ImageRecord): Promise<{ deleted: string[] }> {
  return await freeLayers(context, image.layers.toReversed());
}

function refuseSeveral(name: string, references: readonly string[]): void {
  throw new PlimsollError('conflict', `the image "${name}" has several names: ${references.join(', ')}`, {
    code: 'IMAGE_IN_USE',
    hint: 'remove it by one of its names, or use --force to remove all of them',
    data: { name, references },
  });
}

function refuseUsed(records: ImageRecords, image: ImageRecord, name: string, force: boolean): void {
  const containers = records.containers(image.id);
  const busy = containers.filter(container => container.busy);
  const blocking = force ? busy : containers;
  if (blocking.length === 0) return;
  const ids = blocking.map(container => container.id.slice(0, 12));
  const what = busy.length > 0 ? 'running' : 'stopped';
  throw new PlimsollError('conflict', `the image "${name}" is used by ${what} container ${ids.join(', ')}`, {
    code: 'IMAGE_IN_USE',
    hint:
      busy.length > 0 ? 'stop and remove the container first' : 'remove the container first, or use --force',
    data: { name, containers: ids },
  });
}
