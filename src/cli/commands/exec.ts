import type { Command } from 'commander';
import { parseDetachKeys } from '../../words/index.ts';
import type { Cli } from '../cli.ts';
import { collect } from '../collect.ts';
import { examples } from '../examples.ts';
import { parseEnv, readPairFiles } from '../parse/parse-pairs.ts';
import { foreignWriter } from '../write-foreign.ts';

interface Options {
  readonly detach?: true;
  readonly interactive?: true;
  readonly tty?: true;
  readonly privileged?: true;
  readonly user?: string;
  readonly workdir?: string;
  readonly env?: string[];
  readonly envFile?: string[];
  readonly detachKeys?: string;
}

/** `exec [OPTIONS] CONTAINER COMMAND [ARG...]` */
export function configureExec(command: Command, cli: Cli): void {
  examples(command, 'plimsoll exec -it web sh', 'plimsoll exec -u 1000 -e DEBUG=1 web id')
    .passThroughOptions()
    .argument('<container>')
    .argument('<command...>')
    .option('-d, --detach', 'Do not wait for its end')
    .option('-i, --interactive', 'Pass input on')
    .option('-t, --tty', 'Give it a terminal')
    .option('-e, --env <name=value>', 'Set a variable', collect)
    .option('--env-file <file>', 'Set variables from a file', collect)
    .option('-u, --user <user[:group]>', 'Run as this user')
    .option('-w, --workdir <folder>', 'Run in this folder')
    .option('--privileged', 'With all capabilities')
    .option(
      '--detach-keys <keys>',
      'Accepted for scripts: no keys leave a command, all reach it; -d lets it run on',
    )
    .action(async (name: string, words: string[], options: Options) => {
      if (options.detachKeys !== undefined) parseDetachKeys(options.detachKeys);
      const engine = await cli.engine();
      const { interactive, tty, detach, privileged, user, workdir } = options;
      const env = [...readPairFiles(options.envFile ?? [], cli), ...parseEnv(options.env ?? [], cli.env)];
      const { exitCode } = await engine.containers.exec(name, {
        command: words,
        ...(env.length > 0 ? { env } : {}),
        ...(tty ? { tty } : {}),
        ...(privileged ? { privileged } : {}),
        ...(user === undefined ? {} : { user }),
        ...(workdir === undefined ? {} : { workdir }),
        ...(detach
          ? { detach }
          : {
              stdio: interactive
                ? 'inherit'
                : { stdout: foreignWriter(cli.stdout), stderr: foreignWriter(cli.stderr) },
            }),
        signal: cli.signal,
      });
      cli.setExitCode(exitCode);
    });
}
