import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const repository = resolve(import.meta.dirname, '../..');
let built = false;

/** Bundles the sources into what `bin/plimsoll` runs, once for all files of a test run: it takes seconds. */
export function buildOnce(): void {
  const mark = process.env.PLIMSOLL_TEST_RUN && join(process.env.PLIMSOLL_TEST_RUN, 'built');
  if (built || (mark && existsSync(mark))) return;
  execFileSync(join(repository, 'bin/node'), [join(repository, 'bin/build.mjs')]);
  built = true;
  if (mark) writeFileSync(mark, '');
}
