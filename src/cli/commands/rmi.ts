import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';
import { platformOption } from '../platform-option.ts';
import { removeImages } from '../remove-images.ts';

/** `rmi [-f] IMAGE...` */
export function configureRmi(command: Command, cli: Cli): void {
  platformOption(examples(command, 'plimsoll rmi web:old'))
    .argument('<image...>')
    .option('-f, --force', 'Also if stopped containers use it')
    .option('--no-prune', 'Accepted for scripts: there are no images between those that are listed')
    .action((names: string[], options: { force?: true; platform?: string }) =>
      removeImages(cli, names, options),
    );
}
