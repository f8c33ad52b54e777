import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { limitOptions } from '../container-options.ts';
import { eachName } from '../each-name.ts';
import { examples } from '../examples.ts';
import { type RefusedOption, refuseOptions } from '../foreign-options.ts';
import { badOption } from '../parse/bad-option.ts';
import { type LimitOptions, parseLimits } from '../parse/parse-limits.ts';
import { parseRestart } from '../parse/parse-restart.ts';
import { printWarnings } from '../print-warnings.ts';

/** `update [LIMITS] [--restart POLICY] CONTAINER...` */
export function configureUpdate(command: Command, cli: Cli): void {
  limitOptions(
    examples(
      refuseOptions(command, [kernelMemory]),
      'plimsoll update --memory 512m --cpus 1.5 web',
      'plimsoll update --restart always web',
    ),
  )
    .option('--restart <policy>', 'no, always, unless-stopped or on-failure[:TIMES]')
    .argument('<container...>')
    .action(async (names: string[], options: LimitOptions & { restart?: string }) => {
      const limits = parseLimits(options);
      const restart = options.restart === undefined ? {} : { restart: parseRestart(options.restart) };
      if (Object.keys({ ...limits, ...restart }).length === 0) {
        throw badOption('there is nothing to update', 'give a limit, as in --memory 512m, or --restart');
      }
      await eachName(cli, names, async (engine, name) => {
        const { warnings } = await engine.containers.update(name, { limits, ...restart });
        printWarnings(cli, warnings);
      });
    });
}

const kernelMemory: RefusedOption = [
  '--kernel-memory',
  'the kernel limits no memory of its own any more',
  'use --memory',
];
