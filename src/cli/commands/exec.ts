import type { Command } from 'commander';
import type { Engine, ExecSpec } from '../../engine/index.ts';
import { parseDetachKeys, usualDetachKeys } from '../../words/index.ts';
import type { Cli } from '../cli.ts';
import { collect } from '../collect.ts';
import { examples } from '../examples.ts';
import { parseEnv, readPairFiles } from '../parse/parse-pairs.ts';
import { pumpAttachment } from '../pump-attachment.ts';
import { checkTerminal } from '../run-foreground.ts';
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
    .option('--detach-keys <keys>', 'Keys that leave it running, with -it (default: ctrl-p,ctrl-q)')
    .action(async (name: string, words: string[], options: Options) => {
      const { interactive, tty, detach, privileged, user, workdir } = options;
      if (options.detachKeys !== undefined) parseDetachKeys(options.detachKeys);
      if (!detach) checkTerminal(cli, options);
      const engine = await cli.engine();
      const env = [...readPairFiles(options.envFile ?? [], cli), ...parseEnv(options.env ?? [], cli.env)];
      const spec = {
        command: words,
        ...(env.length > 0 ? { env } : {}),
        ...(tty ? { tty } : {}),
        ...(privileged ? { privileged } : {}),
        ...(user === undefined ? {} : { user }),
        ...(workdir === undefined ? {} : { workdir }),
      };
      if (interactive && tty && !detach && cli.stdin.isTTY === true)
        return cli.setExitCode(await execOnTerminal(cli, engine, name, { ...spec, ...keysOf(options) }));
      const { exitCode } = await engine.containers.exec(name, {
        ...spec,
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

function keysOf({ detachKeys }: Options): Pick<ExecSpec, 'detachKeys'> {
  return detachKeys === undefined ? {} : { detachKeys };
}

/**
 * With this terminal, which the keys take off a command that goes on. Returns its exit code, or 0 when it was left. An
 * engine elsewhere watches for the keys itself.
 */
async function execOnTerminal(
  cli: Cli,
  { execs, link }: Engine,
  name: string,
  spec: ExecSpec,
): Promise<number> {
  const { id } = await execs.create(name, { ...spec, openStdin: true, stdout: true, stderr: true });
  const { columns, rows } = cli.stdout;
  const terminalSize = columns && rows ? { terminalSize: { columns, rows } } : {};
  const { attachment, ended, leave } = await execs.start(id, { attach: true, ...terminalSize });
  if (attachment === undefined) throw new TypeError('a command without its streams');
  ended.catch(() => {}); // awaited below, or left
  await using connected = attachment;
  const { detachKeys } = spec;
  const own = detachKeys === undefined ? usualDetachKeys : parseDetachKeys(detachKeys);
  const keys = link === undefined ? own : [];
  const how = await pumpAttachment(cli, connected, { tty: true, interactive: true, detachKeys: keys });
  if (how === 'ended') return (await ended) ?? 0;
  await execs.detached(id);
  leave();
  return 0;
}
