import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { throwIfAborted } from '../../../errors.ts';
import type { Slots } from '../../../lib/slots.ts';
import { type Descriptor, digestHex, type Reference } from '../../../oci/index.ts';
import { withLock } from '../../kernel/index.ts';
import type { RegistryClient } from '../../registry/index.ts';
import type { HeldLayer } from '../../snapshot/index.ts';
import { keepBlob } from '../content/keep-blob.ts';
import type { ImageContext } from '../context.ts';
import type { TransferProgress } from '../transfer-types.ts';
import { downloadBlob } from './download-blob.ts';

export interface LayerRequest {
  readonly client: RegistryClient;
  readonly reference: Reference;
  readonly blob: Descriptor;
  readonly diffId: string;
  readonly tell: (event: TransferProgress) => void;
  readonly signal: AbortSignal;
  /** How many are downloaded at once. */
  readonly downloadSlots: Slots;
}

/**
 * Makes sure that a layer is here: downloads its blob, proves it, unpacks it, and keeps the blob as it came, so that it
 * can be pushed and saved as it came. Only one process at a time does so; the others find it done.
 */
export async function fetchLayer(context: ImageContext, request: LayerRequest): Promise<HeldLayer> {
  const { root, snapshots } = context;
  const { blob, diffId, tell, signal } = request;
  const say = (state: 'exists' | 'waiting' | 'elsewhere' | 'pulled') =>
    tell({ kind: 'layer', digest: blob.digest, state });
  if (snapshots.layer(diffId) !== undefined) {
    say('exists');
    return snapshots.hold(diffId);
  }
  say('waiting');
  const lock = join(root.runDir, 'locks', `blob-${digestHex(blob.digest)}`);
  const options = { signal, timeoutMs: 2 ** 31 - 1, onBusy: () => say('elsewhere') };
  return await withLock(
    lock,
    async () => {
      const layer = await makeLayer(context, request);
      rmSync(lock, { force: true }); // whoever waits for it finds the layer here
      say('pulled');
      return layer;
    },
    options,
  );
}

async function makeLayer(context: ImageContext, request: LayerRequest): Promise<HeldLayer> {
  const { snapshots, downloads, leases } = context;
  const { blob, diffId, tell, signal, downloadSlots } = request;
  if (snapshots.layer(diffId) !== undefined) return snapshots.hold(diffId);
  using _ = leases.take('download', blob.digest);
  const path = await downloadSlots(async () => {
    throwIfAborted(signal, 'the pull');
    return await downloadBlob(downloads, request);
  });
  throwIfAborted(signal, 'the pull');
  tell({ kind: 'layer', digest: blob.digest, state: 'unpacking' });
  const file = { path, offset: 0, length: blob.size };
  const layer = await snapshots.importLayer({ diffId, file, signal });
  keepDownload(context, request, path);
  return layer;
}

/** The file (durable since its layer is) becomes a blob of the layer. */
function keepDownload(context: ImageContext, { blob, diffId, reference }: LayerRequest, path: string): void {
  const { db } = context;
  db.transaction(
    () => {
      const repository = `${reference.domain}/${reference.path}`;
      db.run('INSERT OR IGNORE INTO blob_sources VALUES (?, ?)', blob.digest, repository);
      db.run('DELETE FROM downloads WHERE digest = ?', blob.digest);
      keepBlob(context, { blob, diffId, path });
    },
    { durable: true },
  );
}
