import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { eachName } from '../each-name.ts';
import { examples } from '../examples.ts';
import { type GraceOptions, graceOf, graceOptions } from '../grace-options.ts';

/** `stop [-t SECONDS] CONTAINER...` */
export function configureStop(command: Command, cli: Cli): void {
  graceOptions(examples(command, 'plimsoll stop web', 'plimsoll stop -t 60 database'))
    .argument('<container...>')
    .action(async (names: string[], options: GraceOptions) => {
      const grace = graceOf(options);
      await eachName(cli, names, (engine, name) =>
        engine.containers.stop(name, { ...grace, signal: cli.signal }),
      );
    });
}
