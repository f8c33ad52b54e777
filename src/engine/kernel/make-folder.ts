import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { errnoOf } from '../../errors.ts';

/** As `mkdir -p`. Node's own `recursive` never ends below /proc, where mkdir(2) says ENOENT whatever is there. */
export function makeFolder(path: string, mode = 0o777): void {
  if (existsSync(path)) return;
  if (!existsSync(dirname(path))) makeFolder(dirname(path), mode);
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error; // another process was faster
  }
}
