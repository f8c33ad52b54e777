import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { PlimsollError, throwIfAborted } from '../../errors.ts';
import { type TarPart, tarReader } from '../../lib/tar/index.ts';
import { preloadNative } from '../kernel/index.ts';
import { writeRecipe } from './recipe-writer.ts';
import { rewriteLayer } from './rewrite-layer.ts';
import { makeScratch } from './scratch.ts';
import type { StageOptions } from './stage.ts';
import type { HeldLayer, LayerImport } from './types.ts';
import { unpackTar } from './unpack-tar.ts';
import { opaqueXattr } from './whiteout.ts';

/** See `SnapshotService.importLayer`. Whatever goes wrong, nothing of the layer stays. */
export async function importLayer(context: StageOptions, request: LayerImport): Promise<HeldLayer> {
  const { layers } = context;
  const { diffId, signal } = request;
  throwIfAborted(signal, 'unpacking a layer');
  if (layers.find(diffId) !== undefined) return layers.hold(diffId);
  await using scratch = makeScratch(context);
  const [folder, recipe] = [join(scratch.path, 'layer'), join(scratch.path, 'recipe')];
  mkdirSync(folder, { mode: 0o755 });
  const unpacked = await unpack(context, { ...request, folder, recipe });
  if (unpacked.diffId !== diffId) throw mismatch(diffId, unpacked.diffId);
  if (unpacked.lost.size > 0)
    await writeAgain(context, { ...request, folder, recipe, inline: unpacked.lost });
  await makeDurable(recipe);
  return layers.adopt(folder, { ...unpacked, recipe });
}

interface Work extends LayerImport {
  readonly folder: string;
  readonly recipe: string;
}

/** Unpacks, hashes and records in one pass over the bytes. */
async function unpack(context: StageOptions, { open, folder, recipe, byteLimit, signal }: Work) {
  const hash = createHash('sha256');
  let tarBytes = 0;
  await using recorder = writeRecipe(recipe);
  const { fileBytes } = await unpackTar(open(), {
    folder,
    opaqueXattr: opaqueXattr(context.root),
    recorder,
    onBytes: bytes => {
      hash.update(bytes);
      tarBytes += bytes.length;
    },
    signal,
    ...(byteLimit === undefined ? {} : { byteLimit }),
  });
  return { diffId: `sha256:${hash.digest('hex')}`, fileBytes, tarBytes, lost: await recorder.finish() };
}

/** The recipe of a tar that replaces its own files: what they had before stands in the recipe itself. */
async function writeAgain(
  context: StageOptions,
  { open, recipe, signal, inline }: Work & { readonly inline: ReadonlySet<number> },
): Promise<void> {
  await using recorder = writeRecipe(recipe, inline);
  const rewriter = rewriteLayer({ opaqueXattr: opaqueXattr(context.root), recorder });
  const reader = tarReader({ sparse: true, onRaw: bytes => recorder.raw(bytes) });
  let inlines = false;
  const take = (parts: Iterable<TarPart>) => {
    for (const part of parts) {
      if ('content' in part) {
        if (inlines) recorder.raw(part.content);
        else rewriter.part(part);
        continue;
      }
      const number = recorder.contents();
      rewriter.part(part);
      inlines = recorder.contents() > number && inline.has(number);
    }
  };
  for await (const bytes of open() as AsyncIterable<Buffer>) {
    throwIfAborted(signal, 'unpacking a layer');
    take(reader.push(bytes));
    await recorder.flush();
  }
  take(reader.end());
  await recorder.finish();
}

async function makeDurable(recipe: string): Promise<void> {
  const file = openSync(recipe, 'r');
  try {
    fsyncSync(file);
    await (await preloadNative()).syncfs(file); // one for all files: an fsync for each would take minutes
  } finally {
    closeSync(file);
  }
}

function mismatch(wanted: string, found: string): PlimsollError {
  return new PlimsollError('data-loss', 'a layer does not unpack to what the image promises', {
    code: 'DIGEST_MISMATCH',
    hint: `nothing of it was kept: ${wanted} was promised, ${found} came`,
  });
}
