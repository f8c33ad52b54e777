import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { collect } from '../collect.ts';
import { containerOptions } from '../container-options.ts';
import { type CreateOptions, createWithImage } from '../create-with-image.ts';
import { examples } from '../examples.ts';
import { printWarnings } from '../print-warnings.ts';

/** `create [OPTIONS] IMAGE [COMMAND...]` */
export function configureCreate(command: Command, cli: Cli): void {
  examples(
    attachOption(containerOptions(command)),
    'plimsoll create --name batch busybox sh -c "echo done"',
  ).action(async (image: string, words: string[], options: CreateOptions) => {
    const engine = await cli.engine();
    const { id, warnings } = await createWithImage(cli, engine, image, words, options);
    printWarnings(cli, warnings);
    cli.stdout.write(`${id}\n`);
  });
}

function attachOption(command: Command): Command {
  return command.option('-a, --attach <stream>', 'Accepted for scripts: start --attach connects', collect);
}
