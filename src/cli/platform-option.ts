import type { Command } from 'commander';
import type { Engine } from '../engine/index.ts';
import { PlimsollError } from '../errors.ts';
import { formatPlatform } from '../oci/index.ts';

/** Adds `--platform` to a verb of images that are here, each of which is for one platform. */
export function platformOption(command: Command): Command {
  return command.option('--platform <platform>', 'An error unless the image is for this, as in linux/arm64');
}

/** Throws `not-found` (`IMAGE_NOT_FOUND`) where the image is for another platform than the one asked for. */
export function requirePlatform({ images }: Engine, name: string, wanted: string | undefined): void {
  if (wanted === undefined) return;
  const is = formatPlatform(images.inspect(name).platform);
  if (is === wanted || is.startsWith(`${wanted}/`)) return;
  throw new PlimsollError('not-found', `the image "${name}" is for ${is}, not for ${wanted}`, {
    code: 'IMAGE_NOT_FOUND',
    hint: `'plimsoll pull --platform ${wanted} ${name}' fetches that`,
  });
}
