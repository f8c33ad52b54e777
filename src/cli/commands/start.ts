import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { parseDetachKeys } from '../../words/index.ts';
import type { Cli } from '../cli.ts';
import { eachName } from '../each-name.ts';
import { examples } from '../examples.ts';
import { type RefusedOption, refuseOptions } from '../foreign-options.ts';
import { badOption } from '../parse/bad-option.ts';
import { parseBoolean } from '../parse/parse-boolean.ts';
import { runForeground } from '../run-foreground.ts';

interface Options {
  readonly attach?: true;
  readonly interactive?: true;
  readonly detachKeys?: string;
  readonly conmonPidfile?: string;
  readonly sigProxy?: string | boolean;
}

/** `start [-a] [-i] CONTAINER...` */
export function configureStart(command: Command, cli: Cli): void {
  examples(refuseOptions(command, checkpoints), 'plimsoll start web', 'plimsoll start -ai shell')
    .argument('<container...>')
    .option('-a, --attach', 'Print its output, and end with its exit code')
    .option('-i, --interactive', "Pass this terminal's input on")
    .option('--detach-keys <keys>', 'Keys that leave it running (default: ctrl-p,ctrl-q)')
    .option('--sig-proxy [boolean]', 'Pass signals on to it (default true)')
    .option('--conmon-pidfile <file>', 'Write the process id of its monitor to this file')
    .action(async (names: string[], options: Options) => {
      const [name = ''] = names;
      const { conmonPidfile } = options;
      if (conmonPidfile !== undefined && (names.length > 1 || options.attach || options.interactive))
        throw badOption('--conmon-pidfile is for one container in the background', 'start them one by one');
      if (options.attach || options.interactive) {
        if (names.length > 1) {
          throw badOption('a terminal cannot be connected with several containers', 'start them one by one');
        }
        const { detachKeys, sigProxy = true } = options;
        const engine = await cli.engine();
        const { spec } = engine.containers.inspect(name);
        const interactive = options.interactive === true && spec.openStdin === true;
        cli.setExitCode(
          await runForeground(cli, engine, name, {
            tty: spec.tty === true,
            interactive,
            ...(detachKeys === undefined ? {} : { detachKeys: parseDetachKeys(detachKeys) }),
            signalsToContainer: parseBoolean(sigProxy, '--sig-proxy'),
          }),
        );
        return;
      }
      await eachName(cli, names, async (engine, each) => {
        await engine.containers.start(each, { signal: cli.signal });
        if (conmonPidfile === undefined) return;
        const { monitor } = engine.containers.inspect(each).state;
        writeFileSync(resolve(cli.cwd, conmonPidfile), `${monitor?.pid ?? ''}\n`);
      });
    });
}

const checkpoints: readonly RefusedOption[] = ['--checkpoint', '--checkpoint-dir'].map(name => [
  name,
  'containers are not saved with their memory',
  'stop it, and start it again',
]);
