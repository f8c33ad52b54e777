import { runTogether } from '../../../lib/run-together.ts';
import { createSlots } from '../../../lib/slots.ts';
import { type Descriptor, mediaTypes } from '../../../oci/index.ts';
import { keptBlob } from '../content/published.ts';
import type { ImageContext } from '../context.ts';
import { packLayer } from '../push/pack-layer.ts';
import type { LayerPacking } from '../transfer-types.ts';

/** A layer as an archive gives it out. */
export interface PackedPart {
  readonly blob: Descriptor;
  /** Where its bytes are; undefined: they are the tar that the layer is unpacked from. */
  readonly path?: string;
}

/** Layers by their diffID. */
export type PackedParts = ReadonlyMap<string, PackedPart>;

/** How many layers are packed at once. */
const parallel = 4;

/**
 * Packs layers into a folder, since an archive's lists come before them and name their digests. Those that are kept as they
 * came are taken so unless `force` says otherwise, as BuildKit does.
 */
export async function packLayers(
  context: ImageContext,
  diffIds: readonly string[],
  request: {
    readonly packing: LayerPacking;
    readonly folder: string;
    readonly signal: AbortSignal | undefined;
  },
): Promise<PackedParts> {
  const { packing, folder } = request;
  const slots = createSlots(parallel);
  const pack = async (diffId: string, signal: AbortSignal): Promise<PackedPart> => {
    const kept = packing.force ? undefined : keptBlob(context, 'diff_id', diffId);
    const path = kept && context.blobs.path(kept.digest);
    if (kept !== undefined && path !== undefined) return { blob: kept, path };
    return packing.compression === 'uncompressed'
      ? { blob: plainBlob(context, diffId) }
      : await packLayer(context, diffId, { packing, folder, signal });
  };
  const actions = diffIds.map(
    diffId => (signal: AbortSignal) => slots(async () => [diffId, await pack(diffId, signal)] as const),
  );
  return new Map(await runTogether(actions, request.signal));
}

/** A layer without packing. */
export function plainBlob({ snapshots }: ImageContext, diffId: string): Descriptor {
  return { mediaType: mediaTypes.layer, digest: diffId, size: snapshots.layer(diffId)?.tarBytes ?? 0 };
}
