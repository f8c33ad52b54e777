import type { Command } from 'commander';
import type { Engine } from '../engine/index.ts';
import { PlimsollError } from '../errors.ts';
import { fitsPlatform, formatPlatform, parsePlatform } from '../oci/index.ts';

/** Adds `--platform` to a verb of images that are here, each of which is for one platform. */
export function platformOption(command: Command): Command {
  return command.option('--platform <platform>', 'An error unless the image is for this, as in linux/arm64');
}

/** Throws `not-found` (`IMAGE_NOT_FOUND`) where the image is for another platform than the one asked for. */
export function requirePlatform({ images }: Engine, name: string, wanted: string | undefined): void {
  if (wanted === undefined) return;
  const { platform } = images.inspect(name);
  if (fitsPlatform(platform, parsePlatform(wanted))) return;
  const is = formatPlatform(platform);
  throw new PlimsollError('not-found', `the image "${name}" is for ${is}, not for ${wanted}`, {
    code: 'IMAGE_NOT_FOUND',
    hint: `'plimsoll pull --platform ${wanted} ${name}' fetches that`,
  });
}
