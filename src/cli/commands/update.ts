import type { Command } from 'commander';
import { PlimsollError } from '../../errors.ts';
import type { Cli } from '../cli.ts';
import { limitOptions } from '../container-options.ts';
import { eachName } from '../each-name.ts';
import { examples } from '../examples.ts';
import { type LimitOptions, parseLimits } from '../parse/parse-limits.ts';

/** `update [LIMITS] CONTAINER...` */
export function configureUpdate(command: Command, cli: Cli): void {
  limitOptions(examples(command, 'plimsoll update --memory 512m --cpus 1.5 web'))
    .argument('<container...>')
    .action(async (names: string[], options: LimitOptions) => {
      const limits = parseLimits(options);
      if (Object.keys(limits).length === 0) {
        throw new PlimsollError('invalid-argument', 'there is nothing to update', {
          code: 'BAD_OPTION',
          hint: 'give a limit, as in --memory 512m',
        });
      }
      await eachName(cli, names, (engine, name) => engine.containers.update(name, limits));
    });
}
