import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import { errnoOf, PlimsollError } from '../errors.ts';
import type { Cli } from './cli.ts';

/**
 * Writes the id of what `create` makes to a file (`--cidfile`), which must not exist before: two containers of one file
 * would be a mistake. Nothing of the file is left if `create` fails.
 */
export async function withIdFile<T extends { readonly id: string }>(
  cli: Pick<Cli, 'cwd'>,
  path: string | undefined,
  create: () => Promise<T>,
): Promise<T> {
  if (path === undefined) return await create();
  const absolute = resolve(cli.cwd, path);
  const file = openNew(absolute, path);
  try {
    const made = await create();
    writeSync(file, made.id);
    return made;
  } catch (error) {
    rmSync(absolute, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

function openNew(absolute: string, shown: string): number {
  try {
    return openSync(absolute, 'wx');
  } catch (error) {
    const exists = errnoOf(error) === 'EEXIST';
    throw new PlimsollError(
      exists ? 'conflict' : 'invalid-argument',
      exists ? `the file "${shown}" exists already` : `cannot write the file "${shown}" (${errnoOf(error)})`,
      {
        code: 'ID_FILE',
        hint: exists ? 'remove it, if its container is gone' : 'check its path and permissions',
      },
    );
  }
}
