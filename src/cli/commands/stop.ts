import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { eachName } from '../each-name.ts';
import { examples } from '../examples.ts';
import { graceOf } from '../parse/parse-grace.ts';

/** `stop [-t SECONDS] CONTAINER...` */
export function configureStop(command: Command, cli: Cli): void {
  examples(command, 'plimsoll stop web', 'plimsoll stop -t 60 database')
    .argument('<container...>')
    .option('-t, --time <seconds>', "Patience before SIGKILL (default: the container's own, else 10)")
    .action(async (names: string[], options: { time?: string }) => {
      const grace = graceOf(options.time);
      await eachName(cli, names, (engine, name) =>
        engine.containers.stop(name, { ...grace, signal: cli.signal }),
      );
    });
}
