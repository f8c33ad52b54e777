import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';
import { pumpAttachment } from '../pump-attachment.ts';
import { requireStatus } from '../require-status.ts';

/** `attach CONTAINER`: ctrl-p ctrl-q leaves it running. */
export function configureAttach(command: Command, cli: Cli): void {
  examples(command, 'plimsoll attach shell   (ctrl-p ctrl-q to leave)')
    .argument('<container>')
    .option('--no-stdin', 'Do not pass input on')
    .action(async (name: string, options: { stdin: boolean }) => {
      const engine = await cli.engine();
      const { id, spec, state } = engine.containers.inspect(name);
      requireStatus(name, state.status, ['running']);
      const exited = engine.containers.wait(id);
      const tty = spec.tty === true;
      const interactive = options.stdin && spec.openStdin === true;
      await using attachment = await engine.containers.attach(id, { signal: cli.signal });
      const end = await pumpAttachment(cli, attachment, { tty, interactive });
      if (end === 'ended') cli.setExitCode(Math.max(0, await exited));
    });
}
