import type { Command } from 'commander';
import { isPlimsollError } from '../../errors.ts';
import type { Cli } from '../cli.ts';
import { eachName } from '../each-name.ts';
import { examples } from '../examples.ts';
import { refuseOptions } from '../foreign-options.ts';
import { reportError } from '../report-error.ts';

/** `rm [-f] [-v] CONTAINER...` */
export function configureRm(command: Command, cli: Cli): void {
  const links = [
    '-l, --link',
    'there are no links',
    'take a container off a network: network disconnect',
  ] as const;
  examples(refuseOptions(command, [links]), 'plimsoll rm web', 'plimsoll rm -fv web database')
    .argument('<container...>')
    .option('-f, --force', 'Kill it first if it runs')
    .option('-v, --volumes', 'Remove its anonymous volumes too')
    .action(async (names: string[], options: { force?: true; volumes?: true }) => {
      await eachName(cli, names, async (engine, name) => {
        try {
          await engine.containers.remove(name, options);
        } catch (error) {
          if (!options.force || !isPlimsollError(error, 'not-found')) throw error;
          reportError(error, cli); // as docker: gone is what was wanted
          return null;
        }
      });
    });
}
