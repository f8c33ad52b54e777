import type { Command } from 'commander';
import { parseDetachKeys } from '../../words/index.ts';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';
import { parseBoolean } from '../parse/parse-boolean.ts';
import { pumpAttachment } from '../pump-attachment.ts';
import { requireStatus } from '../require-status.ts';

interface Options {
  readonly stdin: boolean;
  readonly detachKeys?: string;
  readonly sigProxy?: string | boolean;
}

/** `attach CONTAINER [--no-stdin] [--detach-keys KEYS]`: ctrl-p ctrl-q leaves it running. */
export function configureAttach(command: Command, cli: Cli): void {
  examples(command, 'plimsoll attach shell   (ctrl-p ctrl-q to leave)')
    .argument('<container>')
    .option('--no-stdin', 'Do not pass input on')
    .option('--detach-keys <keys>', 'Keys that leave it running (default: ctrl-p,ctrl-q)')
    .option('--sig-proxy [boolean]', 'Pass signals on to it (default true); false: they leave it running')
    .action(async (name: string, options: Options) => {
      const { detachKeys, sigProxy = true } = options;
      const keys = detachKeys === undefined ? {} : { detachKeys: parseDetachKeys(detachKeys) };
      const forwards = parseBoolean(sigProxy, '--sig-proxy');
      const engine = await cli.engine();
      const { id, spec, state } = engine.containers.inspect(name);
      requireStatus(name, state.status, ['running']);
      const exited = engine.containers.wait(id);
      const tty = spec.tty === true;
      const interactive = options.stdin && spec.openStdin === true;
      await using attachment = await engine.containers.attach(id, { signal: cli.signal });
      // It may have ended in between: then there is nobody to tell.
      const onSignal = (signal: NodeJS.Signals) => void engine.containers.kill(id, signal).catch(() => {});
      const end = await pumpAttachment(cli, attachment, {
        tty,
        interactive,
        ...keys,
        ...(forwards ? { onSignal } : {}),
      });
      if (end === 'ended') cli.setExitCode(Math.max(0, await exited));
    });
}
