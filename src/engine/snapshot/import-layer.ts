import { mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { throwIfAborted } from '../../errors.ts';
import { createSlots } from '../../lib/slots.ts';
import { byteLimitOf } from './packed/byte-limit.ts';
import { makeScratch } from './scratch.ts';
import type { StageOptions } from './stage.ts';
import { syncTogether } from './sync-together.ts';
import type { HeldLayer, LayerImport } from './types.ts';
import { unpackInThread } from './unpack-in-thread.ts';
import { unpackLayer } from './unpack-layer.ts';
import { opaqueXattr } from './whiteout.ts';

/** Of all layers of this process. */
const unpackSlots = createSlots(availableParallelism());

/** Smaller layers are unpacked sooner than a thread has begun, in bytes. */
const worthThread = 1024 * 1024;

/** See `SnapshotService.importLayer`. Whatever goes wrong, nothing of the layer stays. */
export async function importLayer(context: StageOptions, request: LayerImport): Promise<HeldLayer> {
  const { layers } = context;
  const { diffId, file, byteLimit = byteLimitOf(file.length), signal } = request;
  throwIfAborted(signal, 'unpacking a layer');
  if (layers.find(diffId) !== undefined) return layers.hold(diffId);
  await using scratch = makeScratch(context);
  const [folder, recipe] = [join(scratch.path, 'layer'), join(scratch.path, 'recipe')];
  mkdirSync(folder, { mode: 0o755 });
  const job = { diffId, file, folder, recipe, opaqueXattr: opaqueXattr(context.root), byteLimit };
  const unpack = file.length < worthThread ? unpackLayer : unpackInThread;
  const unpacked = await unpackSlots(() => unpack(job, signal));
  await syncTogether(context.root.dataDir);
  return layers.adopt(folder, { diffId, ...unpacked, recipe });
}
