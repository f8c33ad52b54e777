import type { Command } from 'commander';
import type { SystemPruned } from '../../engine/index.ts';
import { cleanText } from '../../lib/clean-text.ts';
import { humanSize } from '../../words/index.ts';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';
import { type PruneFilters, parsePruneFilters, pruneFilters } from '../prune-filters.ts';

interface Options extends PruneFilters {
  readonly all?: true;
  readonly volumes?: true;
}

/** `system prune [-a] [--volumes] [--filter FILTER]` */
export function configureSystemPrune(command: Command, cli: Cli): void {
  pruneFilters<Options>(
    examples(command, 'plimsoll system prune', 'plimsoll system prune -a --volumes --filter until=48h'),
    cli,
    ({ all, volumes }) =>
      `all stopped containers, unused networks, ${all ? 'images that no container uses, all of' : 'images without a name, what is old of'} the build cache${volumes ? ', and volumes without a name that no container has' : ''}`,
  )
    .option('-a, --all', 'Also images that no container uses, and all of the build cache')
    .option('--volumes', 'Also volumes without a name that no container has')
    .action(async ({ all, volumes, ...filters }: Options) => {
      const conditions = parsePruneFilters(filters);
      const engine = await cli.engine();
      const pruned = await engine.system.prune({
        all: all === true,
        volumes: volumes === true,
        signal: cli.signal,
        ...conditions,
      });
      for (const [title, lines] of sectionsOf(pruned)) {
        if (lines.length > 0)
          cli.stdout.write(`${title}:\n${lines.map(line => `${cleanText(line)}\n`).join('')}\n`);
      }
      cli.stdout.write(`Total reclaimed space: ${humanSize(pruned.reclaimedBytes)}\n`);
    });
}

/** Docker's titles, and why each of them went. */
function sectionsOf(pruned: SystemPruned): [string, readonly string[]][] {
  const { containers, networks, volumes, images, cacheRecords, orphans } = pruned;
  return [
    ['Deleted Containers (stopped)', containers],
    ['Deleted Networks (of no container)', networks],
    ['Deleted Volumes (without a name, of no container)', volumes],
    ['Deleted Images and layers (of no name, or unused)', images.map(id => `deleted: ${id}`)],
    ['Deleted build cache records (of no image, or all)', cacheRecords > 0 ? [String(cacheRecords)] : []],
    [
      'Deleted orphans (named by no record)',
      orphans.map(({ path, sizeBytes }) => `${path} ${humanSize(sizeBytes)}`),
    ],
  ];
}
