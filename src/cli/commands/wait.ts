import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { eachName } from '../each-name.ts';
import { examples } from '../examples.ts';

/** `wait CONTAINER...` */
export function configureWait(command: Command, cli: Cli): void {
  examples(command, 'plimsoll wait batch')
    .argument('<container...>')
    .action(async (names: string[]) => {
      await eachName(cli, names, async (engine, name) =>
        String(await engine.containers.wait(name, { signal: cli.signal })),
      );
    });
}
