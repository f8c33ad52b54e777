import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { isPlimsollError } from '../errors.ts';
import type { Cli } from './cli.ts';
import { closeStream } from './close-stream.ts';
import type { BuildOutput } from './parse/parse-output.ts';
import { transferProgress } from './progress/transfer.ts';
import { writeStream } from './write-stream.ts';
import { writeWholeFile } from './write-whole-file.ts';

export interface BuiltImage {
  readonly image: string;
  readonly tags: readonly string[];
  readonly outputs: readonly BuildOutput[];
  readonly quiet: boolean;
}

/**
 * Writes an image to where its build was told to, one place after the other. An image that has no name, and was wanted as
 * files only or for the cache, is not kept.
 */
export async function writeOutputs(cli: Cli, built: BuiltImage): Promise<void> {
  const { outputs, tags, image } = built;
  for (const output of outputs) await writeOutput(cli, output, built);
  const isElsewhere = ({ type, dest }: BuildOutput) =>
    type === 'cacheonly' || (type !== 'image' && dest !== undefined);
  if (outputs.length === 0 || !outputs.every(isElsewhere) || tags.length > 0) return;
  const engine = await cli.engine();
  if (engine.images.inspect(image).references.length > 0) return; // it was there before
  await engine.images.remove(image).catch((error: unknown) => {
    if (!isPlimsollError(error, 'conflict')) throw error; // a container has it
  });
}

async function writeOutput(cli: Cli, output: BuildOutput, built: BuiltImage): Promise<void> {
  const engine = await cli.engine();
  const { type, dest, tar, packing } = output;
  if (type === 'registry') return await push(cli, built, output);
  if (dest === undefined) return;
  const { signal } = cli;
  const names = built.tags.length === 0 ? [built.image] : built.tags;
  const isFolder = type === 'local' || (!tar && type !== 'tar');
  const bytes =
    type === 'oci' || type === 'docker'
      ? await engine.archives.save({
          ...{ names, signal, packing },
          ...(type === 'oci' ? { format: 'oci-archive' } : {}),
        })
      : await engine.archives.rootfs(built.image, { signal });
  try {
    if (isFolder) await writeFolder(cli, dest, bytes);
    else if (dest === '-') await writeStream(cli, bytes);
    else await writeWholeFile(cli, dest, bytes);
  } finally {
    await closeStream(bytes);
  }
}

/** Its files belong to the caller. What is there already, and not in the image, stays. */
async function writeFolder(cli: Cli, dest: string, tar: Readable): Promise<void> {
  const { TreeRoot, unpackTree } = await import('../engine/index.ts');
  const path = resolve(cli.cwd, dest);
  mkdirSync(path, { recursive: true });
  using tree = await TreeRoot.open(path);
  const owner = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
  await unpackTree({ tree, folder: '/', tar, owner, signal: cli.signal });
}

async function push(cli: Cli, { tags, quiet }: BuiltImage, { packing }: BuildOutput): Promise<void> {
  const engine = await cli.engine();
  for (const name of tags) {
    using progress = transferProgress(cli, { quiet });
    await engine.images.push({ name, packing, signal: cli.signal, onProgress: progress.onProgress });
  }
}
