import type { Command } from 'commander';
import type { LoadedImage } from '../../engine/index.ts';
import { familiarReference, parseReference } from '../../oci/index.ts';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';
import { openInput } from '../open-input.ts';
import { transferProgress } from '../progress/transfer.ts';

interface Options {
  readonly input?: string;
  readonly platform?: string;
  readonly quiet?: true;
}

/** `load [-i FILE] [-q] [--platform PLATFORM]` */
export function configureLoad(command: Command, cli: Cli): void {
  examples(command, 'plimsoll load -i web.tar', 'docker save web | plimsoll load')
    .option('-i, --input <file>', 'Read a file instead of the input; it may be packed with gzip or zstd')
    .option('--platform <platform>', 'Of an image for several, as in linux/arm64 (default: of this machine)')
    .option('-q, --quiet', 'No progress')
    .action(async ({ input, platform, quiet }: Options) => {
      const engine = await cli.engine();
      const { bytes, size } = await openInput(cli, input);
      using progress = transferProgress(cli, { quiet: quiet === true });
      const images = await engine.archives.load({
        archive: bytes,
        signal: cli.signal,
        onProgress: progress.onProgress,
        ...(size === undefined ? {} : { size }),
        ...(platform === undefined ? {} : { platform }),
      });
      progress[Symbol.dispose]();
      for (const image of images) cli.stdout.write(outcomeOf(image));
    });
}

/** Docker's words. */
function outcomeOf({ id, references, replaced }: LoadedImage): string {
  const lost = replaced.map(
    ({ reference, id: old }) =>
      `The image ${familiar(reference)} already exists, renaming the old one with ID ${old} to empty string\n`,
  );
  const loaded = references.map(reference => `Loaded image: ${familiar(reference)}\n`);
  return [...lost, ...(loaded.length > 0 ? loaded : [`Loaded image ID: ${id}\n`])].join('');
}

function familiar(reference: string): string {
  return familiarReference(parseReference(reference));
}
