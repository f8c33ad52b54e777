import type { Descriptor, Reference } from '../../../oci/index.ts';
import type { RegistryClient } from '../../registry/index.ts';
import { readPart } from '../../snapshot/index.ts';
import { keptBlob } from '../content/published.ts';
import type { ImageContext } from '../context.ts';
import type { LayerPacking, TransferProgress } from '../transfer-types.ts';
import { mediaTypeOf, packLayer, usualPacking } from './pack-layer.ts';

interface LayerWork {
  readonly client: RegistryClient;
  readonly reference: Reference;
  readonly diffId: string;
  readonly packing?: LayerPacking | undefined;
  readonly tell: (event: TransferProgress) => void;
  readonly signal: AbortSignal;
  readonly folder: string;
}

/** Makes sure that the registry has a layer, in a form that is here or known, and says in which. */
export async function pushLayer(context: ImageContext, work: LayerWork): Promise<Descriptor> {
  const { db, blobs } = context;
  const { client, reference, diffId, tell, signal, folder } = work;
  const say = (state: 'exists' | 'compressing' | 'mounted' | 'pushed') =>
    tell({ kind: 'layer', digest: diffId, state });
  const { packing = usualPacking } = work;
  const kept = packing.force ? undefined : keptBlob(context, 'diff_id', diffId);
  const mediaType = mediaTypeOf[packing.compression];
  const sql = 'SELECT * FROM layer_blobs WHERE diff_id = ? AND media_type = ? AND kept = 0';
  const known = packing.level === undefined ? db.all(sql, diffId, mediaType) : [];
  for (const row of kept === undefined ? known : []) {
    const blob = { mediaType, digest: String(row.digest), size: Number(row.size) };
    if (!(await client.hasBlob(reference, blob.digest, { signal, toPush: true }))) continue;
    say('exists');
    return blob;
  }
  if (kept === undefined) say('compressing');
  const packed =
    kept === undefined ? await packLayer(context, diffId, { packing, folder, signal }) : undefined;
  const blob = kept ?? packed?.blob;
  const path = packed?.path ?? (kept && blobs.path(kept.digest));
  if (blob === undefined || path === undefined) throw new TypeError('a layer is kept or packed');
  const repository = `${reference.domain}/${reference.path}`;
  const sources = db
    .all('SELECT repository FROM blob_sources WHERE digest = ?', blob.digest)
    .map(row => String(row.repository))
    .filter(source => source.startsWith(`${reference.domain}/`));
  const outcome = await client.pushBlob(
    reference,
    {
      digest: blob.digest,
      size: blob.size,
      open: from => readPart({ path, offset: from, length: blob.size - from }),
      alsoIn: sources.map(source => source.slice(reference.domain.length + 1)),
    },
    {
      signal,
      onProgress: bytes => tell({ kind: 'layer', digest: diffId, state: 'pushing', bytes, size: blob.size }),
      onRetry: error => tell({ kind: 'layer', digest: diffId, state: 'retrying', note: error.message }),
    },
  );
  db.run('INSERT OR IGNORE INTO blob_sources VALUES (?, ?)', blob.digest, repository);
  say(outcome === 'present' ? 'exists' : outcome);
  return blob;
}
