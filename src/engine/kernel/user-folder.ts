import { existsSync, lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, PlimsollError } from '../../errors.ts';

/**
 * Where an ordinary user's run folders are: gone after a reboot, and the same for every login of the user, since
 * processes of different logins have to find one another there.
 */
export function userRunFolder(uid: number, env: Readonly<Record<string, string | undefined>>): string {
  const { XDG_RUNTIME_DIR: given } = env;
  if (given?.startsWith('/')) return join(given, 'plimsoll');
  const usual = `/run/user/${uid}`; // cron and su do not name it
  return join(existsSync(usual) ? usual : `/tmp/plimsoll-run-${uid}`, 'plimsoll');
}

/** Makes that folder, and proves that nobody else has made it beforehand. Throws `permission-denied`. */
export function makeUserRunFolder(folder: string): void {
  const above = join(folder, '..');
  for (const made of [above, folder]) {
    try {
      mkdirSync(made, { mode: 0o700 });
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw foreign(made, error);
    }
    const stat = lstatSync(made);
    if (!stat.isDirectory() || stat.uid !== process.getuid?.() || (stat.mode & 0o022) !== 0)
      throw foreign(made);
  }
}

function foreign(folder: string, cause?: unknown): PlimsollError {
  return new PlimsollError('permission-denied', `the folder "${folder}" is not this user's alone`, {
    code: 'RUN_FOLDER_REFUSED',
    hint: 'remove it, or set XDG_RUNTIME_DIR to a folder of your own that does not outlive a reboot',
    data: { folder },
    cause,
  });
}
