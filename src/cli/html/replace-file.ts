import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { messageOf, PlimsollError } from '../../errors.ts';

/** The page as it was, or the new one, never half of it. `path` is from `cwd`. */
export function replaceFile(cwd: string, path: string, text: string): void {
  const absolute = resolve(cwd, path);
  const beside = `${absolute}.${process.pid}`;
  try {
    writeFileSync(beside, text);
    renameSync(beside, absolute);
  } catch (error) {
    rmSync(beside, { force: true });
    throw new PlimsollError(
      'invalid-argument',
      `the report cannot be written to "${path}": ${messageOf(error)}`,
      {
        ...{
          code: 'REPORT_NOT_WRITTEN',
          cause: error,
          hint: 'name a file in a folder that exists, or - for the terminal',
        },
      },
    );
  }
}
