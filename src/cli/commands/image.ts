import type { Command } from 'commander';
import { cleanText } from '../../lib/clean-text.ts';
import { humanSize } from '../../words/index.ts';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';
import { configureImageWaste } from '../image-waste.ts';
import { type PruneFilters, parsePruneFilters, pruneFilters, writeDeleted } from '../prune-filters.ts';
import { configureBuild } from './build.ts';
import { configureHistory } from './history.ts';
import { configureImages } from './images.ts';
import { configureImport } from './import.ts';
import { configureInspectOf } from './inspect.ts';
import { configureLoad } from './load.ts';
import { configurePull } from './pull.ts';
import { configurePush } from './push.ts';
import { configureRmi } from './rmi.ts';
import { configureSave } from './save.ts';
import { configureTag } from './tag.ts';

/** `image VERB`: the verbs of images once more, as docker groups them, and `image bootstrap|waste|prune`. */
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
  for (const [name, summary, configure] of verbs) configure(command.command(name).description(summary), cli);
  command.commands.find(child => child.name() === 'ls')?.alias('list');
  configureImageWaste(
    command.command('waste').description('Say what an image ships for nothing, and which step costs what'),
    cli,
  );
  examples(
    command.command('attestations').description('Print what its build attests of an image, as JSON'),
    'plimsoll image attestations web:1',
  )
    .argument('<image>')
    .action(async (name: string) => {
      const engine = await cli.engine();
      cli.stdout.write(`${JSON.stringify(engine.images.attestations(name), undefined, 2)}\n`);
    });
  const prune = command.command('prune').description('Remove images without a name');
  pruneFilters<PruneFilters & { all?: true }>(
    examples(prune, 'plimsoll image prune', 'plimsoll image prune -a --filter until=240h'),
    cli,
    ({ all }) => (all ? 'all images that no container uses' : 'all images without a name'),
  )
    .option('-a, --all', 'Also those that no container uses')
    .action(async ({ all, ...filters }: PruneFilters & { all?: true }) => {
      const conditions = parsePruneFilters(filters);
      const engine = await cli.engine();
      const { deleted, reclaimedBytes } = await engine.images.prune({ all: all === true, ...conditions });
      writeDeleted(
        cli,
        'Images',
        deleted.map(id => `deleted: ${id}`),
      );
      cli.stdout.write(`Total reclaimed space: ${humanSize(reclaimedBytes)}\n`);
    });
}

const verbs: readonly (readonly [string, string, (command: Command, cli: Cli) => void])[] = [
  ['build', 'Build an image from a Dockerfile', configureBuild],
  ['history', 'Show the steps of an image', configureHistory],
  ['import', 'Make an image of the tar of a root filesystem', configureImport],
  ['inspect', 'Print all that is known of images', configureInspectOf('image')],
  ['load', 'Take over the images of a file', configureLoad],
  ['ls', 'List images', configureImages],
  ['pull', 'Fetch an image from a registry', configurePull],
  ['push', 'Send an image to a registry', configurePush],
  ['rm', 'Remove images', configureRmi],
  ['save', 'Write images into a file', configureSave],
  ['tag', 'Give an image a further name', configureTag],
];

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
