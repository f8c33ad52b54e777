import type { Command } from 'commander';
import type { Engine } from '../../engine/index.ts';
import { PlimsollError } from '../../errors.ts';
import { cleanText } from '../../lib/clean-text.ts';
import { formatReference, parseReference } from '../../oci/index.ts';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';
import { badOption } from '../parse/bad-option.ts';
import { transferProgress } from '../progress/transfer.ts';
import { type RegistryOptions, registryAccess, registryOptions } from '../registry-options.ts';

interface Options extends RegistryOptions {
  readonly quiet?: true;
  readonly allTags?: true;
  readonly platform?: string;
}

/** `push NAME` */
export function configurePush(command: Command, cli: Cli): void {
  examples(
    registryOptions(command),
    'plimsoll tag web registry.example:5000/team/web:1.0',
    'plimsoll push registry.example:5000/team/web:1.0',
    'plimsoll push --platform linux/arm64 registry.example:5000/team/web:1.0-arm64',
  )
    .argument('<image>', 'One of its names: REGISTRY/NAME[:TAG]')
    .option('-a, --all-tags', 'Every tag that there is of the name')
    .option('--platform <platform>', 'Of an image for several platforms this one alone, as in linux/arm64')
    .option('-q, --quiet', 'Print only its name')
    .action(async (given: string, options: Options) => {
      const engine = await cli.engine();
      for (const name of options.allTags ? tagsOf(engine, given) : [given])
        await push(cli, engine, name, options);
    });
}

async function push(cli: Cli, engine: Engine, name: string, options: Options): Promise<void> {
  using progress = transferProgress(cli, { quiet: options.quiet === true });
  const pushed = await engine.images.push({
    name,
    platform: options.platform,
    signal: cli.signal,
    onProgress: progress.onProgress,
    ...registryAccess(options),
  });
  progress[Symbol.dispose]();
  const tag = pushed.reference.slice(pushed.reference.lastIndexOf(':') + 1);
  const said = `${tag}: digest: ${pushed.digest} size: ${pushed.size}`;
  cli.stdout.write(`${options.quiet ? pushed.reference : cleanText(said)}\n`);
}

/** All names of images with this name and any tag. Throws `not-found` if there is none. */
function tagsOf({ images }: Pick<Engine, 'images'>, given: string): string[] {
  const { tag, digest, ...wanted } = parseReference(given);
  if (/:[^/]*$/.test(given) || digest !== undefined)
    throw badOption('a tag cannot be used with --all-tags', 'give the name alone');
  const name = formatReference(wanted);
  const found = images
    .list()
    .flatMap(({ references }) => references)
    .filter(text => {
      const { tag: own, digest: exact, ...rest } = parseReference(text);
      return own !== undefined && exact === undefined && formatReference(rest) === name;
    });
  if (found.length > 0) return found.sort();
  throw new PlimsollError('not-found', `there is no image "${given}" here`, {
    code: 'IMAGE_NOT_FOUND',
    hint: "see 'plimsoll images'",
  });
}
