import { createHash } from 'node:crypto';
import { PlimsollError, throwIfAborted } from '../../errors.ts';
import { type TarPart, tarReader } from '../../lib/tar/index.ts';
import { type FilePart, openPackedTar } from './packed/packed-tar.ts';
import { writeRecipe } from './recipe-writer.ts';
import { rewriteLayer } from './rewrite-layer.ts';
import { unpackTar } from './unpack-tar.ts';

/** What a thread is told of a layer to unpack. */
export interface UnpackJob {
  readonly diffId: string;
  readonly file: FilePart;
  /** Where its files go: empty. */
  readonly folder: string;
  /** Where its recipe goes. */
  readonly recipe: string;
  readonly opaqueXattr: string;
  readonly byteLimit: number;
}

export interface UnpackedLayer {
  readonly fileBytes: number;
  readonly tarBytes: number;
}

/**
 * Unpacks, hashes and records a layer in one pass over its bytes. Throws `data-loss` (`DIGEST_MISMATCH`) if it does not
 * have its diffID.
 */
export async function unpackLayer(job: UnpackJob, signal?: AbortSignal): Promise<UnpackedLayer> {
  const { diffId, fileBytes, tarBytes, lost } = await unpackOnce(job, signal);
  if (diffId !== job.diffId) throw mismatch(job.diffId, diffId);
  if (lost.size > 0) await writeAgain(job, lost, signal);
  return { fileBytes, tarBytes };
}

async function unpackOnce(job: UnpackJob, signal: AbortSignal | undefined) {
  const { file, folder, recipe, opaqueXattr, byteLimit } = job;
  const hash = createHash('sha256');
  let tarBytes = 0;
  await using recorder = writeRecipe(recipe);
  const { fileBytes } = await unpackTar(await openPackedTar(file), {
    folder,
    opaqueXattr,
    recorder,
    onBytes: bytes => {
      hash.update(bytes);
      tarBytes += bytes.length;
    },
    ownsPieces: true,
    signal,
    byteLimit,
  });
  return { diffId: `sha256:${hash.digest('hex')}`, fileBytes, tarBytes, lost: await recorder.finish() };
}

/** The recipe of a tar that replaces its own files: what they had before stands in the recipe itself. */
async function writeAgain(
  { file, recipe, opaqueXattr }: UnpackJob,
  inline: ReadonlySet<number>,
  signal: AbortSignal | undefined,
): Promise<void> {
  await using recorder = writeRecipe(recipe, inline);
  const rewriter = rewriteLayer({ opaqueXattr, recorder });
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
  for await (const bytes of (await openPackedTar(file)) as AsyncIterable<Buffer>) {
    throwIfAborted(signal, 'unpacking a layer');
    take(reader.push(bytes));
    await recorder.flush();
  }
  take(reader.end());
  await recorder.finish();
}

function mismatch(wanted: string, found: string): PlimsollError {
  return new PlimsollError('data-loss', 'a layer does not unpack to what the image promises', {
    code: 'DIGEST_MISMATCH',
    hint: `nothing of it was kept: ${wanted} was promised, ${found} came`,
  });
}
