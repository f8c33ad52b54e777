import type { Command } from 'commander';
import type { Engine } from '../../engine/index.ts';
import type { Cli } from '../cli.ts';
import { containerOptions } from '../container-options.ts';
import type { ContainerOptions } from '../container-spec.ts';
import { createWithImage, type ImageOptions } from '../create-with-image.ts';
import { examples } from '../examples.ts';
import { printWarnings } from '../print-warnings.ts';
import { checkTerminal, runForeground } from '../run-foreground.ts';

/** `run [OPTIONS] IMAGE [COMMAND...]` */
export function configureRun(command: Command, cli: Cli): void {
  examples(
    containerOptions(command),
    'plimsoll run --rm -it busybox sh',
    'plimsoll run -d --name web -p 8080:80 --memory 256m --restart on-failure:3 web',
  )
    .option('-d, --detach', 'Print its id, and leave it running')
    .action(
      async (
        image: string,
        words: string[],
        options: ContainerOptions & ImageOptions & { detach?: true },
      ) => {
        const { interactive = false, tty = false, detach = false } = options;
        if (!detach) checkTerminal(cli, { tty, interactive });
        const engine = await cli.engine();
        const container = await createWithImage(cli, engine, image, words, options);
        printWarnings(cli, container.warnings);
        try {
          if (!detach) {
            cli.setExitCode(await runForeground(cli, engine, container.id, { tty, interactive }));
            return;
          }
          await engine.containers.start(container.id, { signal: cli.signal });
          cli.stdout.write(`${container.id}\n`);
        } catch (error) {
          await removeIfNotStarted(engine, container.id);
          throw error;
        }
      },
    );
}

/** What never ran is nothing to look into: the error says all, and the name would stay taken. */
async function removeIfNotStarted(engine: Engine, id: string): Promise<void> {
  const found = engine.containers.list({ all: true }).find(container => container.id === id);
  if (found?.state.status === 'created') await engine.containers.remove(id).catch(() => {});
}
