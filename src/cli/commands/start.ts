import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { eachName } from '../each-name.ts';
import { examples } from '../examples.ts';
import { runForeground } from '../run-foreground.ts';

/** `start [-a] [-i] CONTAINER...` */
export function configureStart(command: Command, cli: Cli): void {
  examples(command, 'plimsoll start web', 'plimsoll start -ai shell')
    .argument('<container...>')
    .option('-a, --attach', 'Print its output, and end with its exit code')
    .option('-i, --interactive', "Pass this terminal's input on")
    .action(async (names: string[], options: { attach?: true; interactive?: true }) => {
      const [name = ''] = names;
      if ((options.attach || options.interactive) && names.length === 1) {
        const engine = await cli.engine();
        const { spec } = engine.containers.inspect(name);
        const interactive = options.interactive === true && spec.openStdin === true;
        cli.setExitCode(await runForeground(cli, engine, name, { tty: spec.tty === true, interactive }));
        return;
      }
      await eachName(cli, names, (engine, each) => engine.containers.start(each, { signal: cli.signal }));
    });
}
