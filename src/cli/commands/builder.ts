import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';
import { humanSize } from '../format/human.ts';

/** `builder prune` */
export function configureBuilder(command: Command, cli: Cli): void {
  const prune = command.command('prune').description('Free the build cache');
  examples(prune, 'plimsoll builder prune')
    .option('-a, --all', 'Accepted for scripts; it frees all')
    .option('-f, --force', 'Accepted for scripts; it never asks')
    .action(async () => {
      const engine = await cli.engine();
      const { records, reclaimedBytes } = await engine.builds.pruneCache();
      cli.stdout.write(`Deleted records: ${records}\nTotal reclaimed space: ${humanSize(reclaimedBytes)}\n`);
    });
}
