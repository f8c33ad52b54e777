import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { eachName } from '../each-name.ts';
import { examples } from '../examples.ts';
import { type GraceOptions, graceOf, graceOptions } from '../grace-options.ts';

/** `restart [-t SECONDS] CONTAINER...` */
export function configureRestart(command: Command, cli: Cli): void {
  graceOptions(examples(command, 'plimsoll restart web'))
    .argument('<container...>')
    .action(async (names: string[], options: GraceOptions) => {
      const grace = graceOf(options);
      await eachName(cli, names, (engine, name) =>
        engine.containers.restart(name, { ...grace, signal: cli.signal }),
      );
    });
}
