import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { eachName } from '../each-name.ts';
import { examples } from '../examples.ts';

/** `unpause CONTAINER...` */
export function configureUnpause(command: Command, cli: Cli): void {
  examples(command, 'plimsoll unpause web')
    .argument('<container...>')
    .action(async (names: string[]) => {
      await eachName(cli, names, (engine, name) => engine.containers.unpause(name));
    });
}
