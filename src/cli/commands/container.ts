import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';
import { humanSize } from '../format/human.ts';

/** `container prune` */
export function configureContainer(command: Command, cli: Cli): void {
  const prune = command.command('prune').description('Remove all stopped containers');
  examples(prune, 'plimsoll container prune')
    .option('-f, --force', 'Accepted for scripts; it never asks')
    .action(async () => {
      const engine = await cli.engine();
      const { deleted, reclaimedBytes } = await engine.containers.prune();
      for (const id of deleted) cli.stdout.write(`${id}\n`);
      cli.stdout.write(`Total reclaimed space: ${humanSize(reclaimedBytes)}\n`);
    });
}
