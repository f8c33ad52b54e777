import type { Command } from 'commander';
import type { Engine } from '../../engine/index.ts';
import { parseDetachKeys } from '../../words/index.ts';
import type { Cli } from '../cli.ts';
import { collect } from '../collect.ts';
import { containerOptions } from '../container-options.ts';
import { type CreateOptions, createWithImage } from '../create-with-image.ts';
import { examples } from '../examples.ts';
import type { ForegroundOptions } from '../foreground-options.ts';
import { badOption } from '../parse/bad-option.ts';
import { parseBoolean } from '../parse/parse-boolean.ts';
import { printWarnings } from '../print-warnings.ts';
import { checkTerminal, runForeground } from '../run-foreground.ts';

interface Options extends CreateOptions {
  readonly detach?: true;
  readonly attach?: readonly string[];
  readonly detachKeys?: string;
  readonly sigProxy?: string | boolean;
}

/** `run [OPTIONS] IMAGE [COMMAND...]` */
export function configureRun(command: Command, cli: Cli): void {
  examples(
    containerOptions(command),
    'plimsoll run --rm -it busybox sh',
    'plimsoll run -d --name web -p 8080:80 --memory 256m --restart on-failure:3 web',
  )
    .option('-d, --detach', 'Print its id, and leave it running')
    .option('-a, --attach <stream>', 'Connect only stdin, stdout or stderr', collect)
    .option('--detach-keys <keys>', 'Keys that leave it running (default: ctrl-p,ctrl-q)')
    .option('--sig-proxy [boolean]', 'Pass signals on to it (default true)')
    .action(async (image: string, words: string[], options: Options) => {
      const foreground = options.detach ? undefined : foregroundOf(options);
      if (options.detach && options.attach)
        throw badOption('-d and -a exclude one another', 'leave one of them out');
      if (foreground) checkTerminal(cli, foreground);
      const engine = await cli.engine();
      const container = await createWithImage(cli, engine, image, words, options);
      printWarnings(cli, container.warnings);
      try {
        if (foreground) {
          cli.setExitCode(await runForeground(cli, engine, container.id, foreground));
          return;
        }
        const { warnings } = await engine.containers.start(container.id, { signal: cli.signal });
        printWarnings(cli, warnings);
        cli.stdout.write(`${container.id}\n`);
      } catch (error) {
        await removeIfNotStarted(engine, container.id);
        throw error;
      }
    });
}

function foregroundOf(options: Options): ForegroundOptions {
  const { interactive = false, tty = false, attach, detachKeys, sigProxy = true } = options;
  const streams = attach?.map(stream => stream.toLowerCase());
  const wrong = streams?.find(stream => !['stdin', 'stdout', 'stderr'].includes(stream));
  if (wrong !== undefined) throw badOption(`there is no stream "${wrong}"`, 'use stdin, stdout or stderr');
  return {
    tty,
    interactive: interactive && (streams?.includes('stdin') ?? true),
    ...(detachKeys === undefined ? {} : { detachKeys: parseDetachKeys(detachKeys) }),
    signalsToContainer: parseBoolean(sigProxy, '--sig-proxy'),
    ...(streams === undefined
      ? {}
      : { streams: (['stdout', 'stderr'] as const).filter(stream => streams.includes(stream)) }),
  };
}

/** What never ran is nothing to look into: the error says all, and the name would stay taken. */
async function removeIfNotStarted(engine: Engine, id: string): Promise<void> {
  const found = engine.containers.list({ all: true }).find(container => container.id === id);
  if (found?.state.status === 'created') await engine.containers.remove(id).catch(() => {});
}
