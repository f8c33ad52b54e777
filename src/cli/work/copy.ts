import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { collect } from '../collect.ts';
import { examples } from '../examples.ts';
import { isAddress } from '../parse/parse-build-context.ts';
import { parseSecrets } from '../parse/parse-secret.ts';
import { parseSsh } from '../parse/parse-ssh.ts';

interface CopyOptions {
  readonly from?: string;
  readonly contextdir?: string;
  readonly chown?: string;
  readonly chmod?: string;
  readonly exclude?: string[];
  readonly checksum?: string;
  readonly secret?: string[];
  readonly ssh?: string[];
}

/** `work copy|add CONTAINER SOURCE... DESTINATION` */
export function configureCopies(command: Command, cli: Cli): void {
  for (const verb of ['copy', 'add'] as const) {
    const add = verb === 'add';
    const verbCommand = command
      .command(verb)
      .description(
        add ? 'Copy files, fetch URLs and git repositories, unpack archives' : 'Copy files into it',
      );
    examples(
      verbCommand,
      add ? 'plimsoll work add web site.tar.gz /srv/' : 'plimsoll work copy web site/ /srv/',
    )
      .argument('<container>')
      .argument('<source...>', 'Sources; the last of several words is the destination')
      .option('--from <image>', 'Take them from an image or another working container')
      .option('--contextdir <folder>', 'What the sources are relative to (default: the current folder)')
      .option('--chown <owner>', 'Owner, as COPY --chown has it')
      .option('--chmod <mode>', 'Permissions, as COPY --chmod has it')
      .option('--exclude <pattern>', 'Leave these out', collect)
      .option('--checksum <digest>', 'What a download must hash to')
      .option('--secret <secret>', 'Lend a secret to git', collect)
      .option('--ssh <agent>', 'Lend an ssh agent to git', collect)
      .action((name: string, words: string[], options: CopyOptions) =>
        copy(cli, name, words, { ...options, add }),
      );
  }
}

async function copy(
  cli: Cli,
  name: string,
  words: readonly string[],
  options: CopyOptions & { readonly add: boolean },
): Promise<void> {
  const engine = await cli.engine();
  const { from, contextdir, chown, chmod, exclude = [], checksum, add } = options;
  const [sources, destination] = words.length < 2 ? [words, undefined] : [words.slice(0, -1), words.at(-1)];
  const ownFolder = contextdir !== undefined || from !== undefined;
  await engine.works.copy(name, {
    // Without a folder that they are of, sources are paths of this machine: also those outside the current folder.
    sources: sources.map(source => (ownFolder || isAddress(source) ? source : resolve(cli.cwd, source))),
    contextFolder: contextdir === undefined ? '/' : resolve(cli.cwd, contextdir),
    exclude,
    add,
    secrets: parseSecrets(options.secret ?? [], cli),
    ssh: parseSsh(options.ssh ?? [], cli),
    signal: cli.signal,
    ...(destination === undefined ? {} : { destination }),
    ...(from === undefined ? {} : { from }),
    ...(chown === undefined ? {} : { chown }),
    ...(chmod === undefined ? {} : { chmod }),
    ...(checksum === undefined ? {} : { checksum }),
  });
}
