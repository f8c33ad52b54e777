import { lstatSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { mountsBelow, namesIn, writeFileAtomic } from '../kernel/index.ts';
import type { Root } from './root.ts';

/** An hour without a change: nobody is just about to make the root again. */
const quietMs = 60 * 60_000;

/** Says in the run folder which root it belongs to, so that `sweepRunFolders` can tell when that is gone. */
export function signRunFolder({ runDir, dataDir }: Root): void {
  writeFileAtomic(join(runDir, 'root'), `${dataDir}\n`);
}

/**
 * Deletes the run folders beside that of `root` whose roots have been deleted, and returns their names. One stays if its
 * root is not known, if anything of a container or a build is left in it, if it holds a mount or a process is at work
 * in it, or if it changed within the last hour. Costs a look at each folder: meant for whoever makes a new one.
 */
export function sweepRunFolders(root: Root, now: number): string[] {
  const base = dirname(root.runDir);
  const own = basename(root.runDir);
  const dead = readdirSync(base)
    .filter(name => /^[0-9a-f]{8}$/.test(name) && name !== own)
    .map(name => join(base, name))
    .filter(folder => isForgotten(folder, now));
  if (dead.length === 0) return [];
  const commands = commandLines();
  return dead
    .filter(folder => !commands.some(words => words.includes(folder)))
    .filter(remove)
    .map(folder => basename(folder));
}

/** False also where something cannot be read: another process may be faster. */
function isForgotten(folder: string, now: number): boolean {
  try {
    return isRootGone(folder) && isQuiet(folder, now) && isEmpty(folder) && mountsBelow(folder).length === 0;
  } catch {
    return false;
  }
}

/** The root may also be on a disk that is away: it then loses no more than by a reboot, as no container is left. */
function isRootGone(folder: string): boolean {
  const dataDir = readFileSync(join(folder, 'root'), 'utf8').trimEnd();
  return dataDir.startsWith('/') && lstatSync(dataDir, { throwIfNoEntry: false }) === undefined;
}

function isQuiet(folder: string, now: number): boolean {
  const paths = [folder, ...readdirSync(folder).map(name => join(folder, name))];
  return paths.every(path => (lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? now) < now - quietMs);
}

/** What a container or a build leaves there while it lives, or until its end is recorded. */
function isEmpty(folder: string): boolean {
  return ['containers', 'runtime', 'exits', 'builds', 'persist'].every(
    name => namesIn(join(folder, name)).length === 0,
  );
}

/** Away under another name first: whoever makes the root again meanwhile finds all or nothing. */
function remove(folder: string): boolean {
  const doomed = join(dirname(folder), `gone-${basename(folder)}`);
  try {
    rmSync(doomed, { recursive: true, force: true }); // of one who died at it
    renameSync(folder, doomed);
    rmSync(doomed, { recursive: true, force: true });
    return true;
  } catch {
    return false; // another process was faster
  }
}

/** Monitors, name servers and keepers name the run folder in theirs. */
function commandLines(): string[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(pid => {
      try {
        return readFileSync(join('/proc', pid, 'cmdline'), 'utf8');
      } catch {
        return ''; // it has ended
      }
    });
}
