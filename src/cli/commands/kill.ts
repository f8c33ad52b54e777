import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { eachName } from '../each-name.ts';
import { examples } from '../examples.ts';

/** `kill [-s SIGNAL] CONTAINER...` */
export function configureKill(command: Command, cli: Cli): void {
  examples(command, 'plimsoll kill web', 'plimsoll kill -s HUP web')
    .argument('<container...>')
    .option('-s, --signal <signal>', 'Name or number of the signal', 'SIGKILL')
    .action(async (names: string[], { signal }: { signal: string }) => {
      await eachName(cli, names, (engine, name) => engine.containers.kill(name, signal));
    });
}
