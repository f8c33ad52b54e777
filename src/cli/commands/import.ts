import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { collect } from '../collect.ts';
import { examples } from '../examples.ts';
import { openInput } from '../open-input.ts';

interface Options {
  readonly change?: string[];
  readonly message?: string;
  readonly platform?: string;
}

/** `import [-c CHANGE] [-m MESSAGE] [--platform PLATFORM] FILE|URL|- [REPOSITORY[:TAG]]` */
export function configureImport(command: Command, cli: Cli): void {
  examples(
    command,
    'plimsoll import rootfs.tar.gz base:1',
    `plimsoll export web | plimsoll import -c 'CMD ["sh"]' -`,
  )
    .argument('<source>', 'A file, an address that begins with http, or - for the input')
    .argument('[name]', 'Name of the image; without one it has only its id')
    .option('-c, --change <instruction>', 'A Dockerfile instruction that changes no file', collect)
    .option('-m, --message <message>', 'What it is for')
    .option('--platform <platform>', 'As in linux/arm64 (default: of this machine)')
    .action(async (source: string, name: string | undefined, options: Options) => {
      const engine = await cli.engine();
      const { change, message = `Imported from ${withoutPassword(source)}`, platform } = options;
      const { bytes } = await openInput(cli, source);
      const id = await engine.archives.importTar({
        tar: bytes,
        message,
        signal: cli.signal,
        ...(name === undefined ? {} : { reference: name }),
        ...(change === undefined ? {} : { changes: change }),
        ...(platform === undefined ? {} : { platform }),
      });
      cli.stdout.write(`${id}\n`);
    });
}

/** The history of an image is for all to read. */
function withoutPassword(source: string): string {
  return source.replace(/^(https?:\/\/)[^/@]*@/i, '$1');
}
