import { isPlimsollError } from '../errors.ts';
import { familiarReference, parseReference } from '../oci/index.ts';
import type { Cli } from './cli.ts';
import { eachName } from './each-name.ts';
import { requirePlatform } from './platform-option.ts';
import { reportError } from './report-error.ts';

/** Removes images one after the other, and prints what was untagged and deleted in docker's words. */
export async function removeImages(
  cli: Cli,
  names: readonly string[],
  { platform, ...options }: { force?: true; platform?: string },
): Promise<void> {
  for (const name of names) {
    await eachName(cli, [name], async engine => {
      try {
        requirePlatform(engine, name, platform);
        const { untagged, deleted } = await engine.images.remove(name, options);
        return [
          ...untagged.map(tag => `Untagged: ${familiarReference(parseReference(tag))}`),
          ...deleted.map(id => `Deleted: ${id}`),
        ].join('\n');
      } catch (error) {
        if (!options.force || !isPlimsollError(error, 'not-found')) throw error;
        reportError(error, cli); // as docker: gone is what was wanted
        return null;
      }
    });
  }
}
