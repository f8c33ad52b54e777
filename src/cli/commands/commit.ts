import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { collect } from '../collect.ts';
import { examples } from '../examples.ts';
import { parseBoolean } from '../parse/parse-boolean.ts';

interface Options {
  readonly author?: string;
  readonly message?: string;
  readonly change?: string[];
  readonly pause?: string | boolean;
}

/** `commit [-a AUTHOR] [-m MESSAGE] [-c CHANGE] CONTAINER [REPOSITORY[:TAG]]` */
export function configureCommit(command: Command, cli: Cli): void {
  examples(command, 'plimsoll commit web web:tuned', `plimsoll commit -c 'CMD ["serve"]' -m "as it runs" web`)
    .argument('<container>')
    .argument('[name]', 'Name of the image; without one it has only its id')
    .option('-a, --author <author>', 'Who made it, as in "Ada <ada@example.org>"')
    .option('-m, --message <message>', 'What it is for')
    .option('-c, --change <instruction>', 'A Dockerfile instruction that changes no file', collect)
    .option('-p, --pause [boolean]', 'Stop its processes meanwhile (default true)')
    .option('--no-pause', 'Let its processes go on meanwhile')
    .action(async (container: string, name: string | undefined, options: Options) => {
      const engine = await cli.engine();
      const { author, message, change, pause = true } = options;
      const id = await engine.files.commit(container, {
        ...(name === undefined ? {} : { reference: name }),
        ...(author === undefined ? {} : { author }),
        ...(message === undefined ? {} : { message }),
        ...(change === undefined ? {} : { changes: change }),
        pause: parseBoolean(pause, '--pause'),
        signal: cli.signal,
      });
      cli.stdout.write(`${id}\n`);
    });
}
