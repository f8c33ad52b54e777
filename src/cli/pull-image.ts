import type { PulledImage } from '../engine/index.ts';
import { familiarReference, parseReference } from '../oci/index.ts';
import type { Cli } from './cli.ts';
import { printWarnings } from './print-warnings.ts';
import { transferProgress } from './progress/transfer.ts';
import { type RegistryOptions, registryAccess } from './registry-options.ts';

export interface PullOptions extends RegistryOptions {
  readonly platform?: string;
  readonly quiet?: true;
  readonly allTags?: true;
}

/** Pulls an image with its progress on standard error, and prints what came, as docker does. */
export async function pullImage(cli: Cli, name: string, options: PullOptions): Promise<void> {
  const engine = await cli.engine();
  using progress = transferProgress(cli, { quiet: options.quiet === true });
  const common = {
    signal: cli.signal,
    onProgress: progress.onProgress,
    ...registryAccess(options),
    ...(options.platform === undefined ? {} : { platform: options.platform }),
  };
  const pulled = options.allTags
    ? await engine.images.pullAll({ name, ...common })
    : [await engine.images.pull({ name, ...common })];
  progress[Symbol.dispose]();
  for (const image of pulled) {
    printWarnings(cli, image.warnings);
    if (!options.quiet) cli.stdout.write(outcomeOf(image));
    cli.stdout.write(`${image.reference}\n`);
  }
}

function outcomeOf({ reference, digest, upToDate }: PulledImage): string {
  const name = familiarReference(parseReference(reference));
  const status = upToDate ? `Image is up to date for ${name}` : `Downloaded newer image for ${name}`;
  return `Digest: ${digest}\nStatus: ${status}\n`;
}
