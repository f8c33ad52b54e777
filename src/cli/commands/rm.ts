import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { eachName } from '../each-name.ts';
import { examples } from '../examples.ts';

/** `rm [-f] [-v] CONTAINER...` */
export function configureRm(command: Command, cli: Cli): void {
  examples(command, 'plimsoll rm web', 'plimsoll rm -fv web database')
    .argument('<container...>')
    .option('-f, --force', 'Kill it first if it runs')
    .option('-v, --volumes', 'Remove its anonymous volumes too')
    .action(async (names: string[], options: { force?: true; volumes?: true }) => {
      await eachName(cli, names, (engine, name) => engine.containers.remove(name, options));
    });
}
