import type { Command } from 'commander';
import { cleanText } from '../../lib/clean-text.ts';
import { humanSize } from '../../words/index.ts';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';
import { configureImageWaste } from '../image-waste.ts';
import { listImages } from '../list-images.ts';
import { listingOptions } from '../listing-options.ts';
import { type PruneFilters, parsePruneFilters, pruneFilters } from '../prune-filters.ts';
import { type PullOptions, pullImage } from '../pull-image.ts';
import { removeImages } from '../remove-images.ts';
import { configureImport } from './import.ts';
import { configureInspectOf } from './inspect.ts';
import { configureLoad } from './load.ts';
import { pullOptions } from './pull.ts';
import { configureSave } from './save.ts';

/** `image bootstrap|ls|inspect|pull|rm|save|load|import|waste|prune` */
export function configureImage(command: Command, cli: Cli): void {
  const bootstrap = command
    .command('bootstrap')
    .description('Make a base image from this machine, without a registry');
  examples(bootstrap, 'plimsoll image bootstrap', 'plimsoll image bootstrap debian:bookworm')
    .argument('[source]', 'busybox, debian:SUITE or ubuntu:SUITE', 'busybox')
    .option('-t, --tag <name>', 'Name of the image (default: localhost/SOURCE)')
    .option('-q, --quiet', 'No progress')
    .action((source: string, options: { tag?: string; quiet?: true }) =>
      bootstrapImage(cli, source, options),
    );
  listingOptions(command.command('ls').description('List images'))
    .argument('[name]', 'Only those of this name')
    .action((name, options) => listImages(cli, name, options));
  command
    .command('rm')
    .description('Remove images')
    .argument('<image...>')
    .option('-f, --force', 'Also if stopped containers use it')
    .action((names: string[], options: { force?: true }) => removeImages(cli, names, options));
  pullOptions(command.command('pull').description('Fetch an image from a registry')).action(
    (name: string, options: PullOptions) => pullImage(cli, name, options),
  );
  configureInspectOf('image')(
    command.command('inspect').description('Print all that is known of images'),
    cli,
  );
  configureSave(command.command('save').description('Write images into a file'), cli);
  configureLoad(command.command('load').description('Take over the images of a file'), cli);
  configureImport(
    command.command('import').description('Make an image of the tar of a root filesystem'),
    cli,
  );
  configureImageWaste(
    command.command('waste').description('Say what an image ships for nothing, and which step costs what'),
    cli,
  );
  const prune = command.command('prune').description('Remove images without a name');
  pruneFilters(examples(prune, 'plimsoll image prune', 'plimsoll image prune -a --filter until=240h'))
    .option('-a, --all', 'Also those that no container uses')
    .action(async ({ all, ...filters }: PruneFilters & { all?: true }) => {
      const conditions = parsePruneFilters(filters);
      const engine = await cli.engine();
      const { deleted, reclaimedBytes } = await engine.images.prune({ all: all === true, ...conditions });
      for (const id of deleted) cli.stdout.write(`Deleted: ${id}\n`);
      cli.stdout.write(`Total reclaimed space: ${humanSize(reclaimedBytes)}\n`);
    });
}

async function bootstrapImage(
  cli: Cli,
  source: string,
  { tag, quiet }: { tag?: string; quiet?: true },
): Promise<void> {
  const engine = await cli.engine();
  const image = await engine.images.bootstrap({
    source,
    signal: cli.signal,
    ...(tag === undefined ? {} : { tag }),
    ...(quiet ? {} : { onProgress: line => cli.stderr.write(`${cleanText(line)}\n`) }),
  });
  cli.stdout.write(`${image.references[0] ?? image.id}\n`);
}
