import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** Full path of a host command, also where PATH lacks the sbin folders (an ordinary user's on Debian). */
export function findExecutable(name: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const folders = [
    ...(env.PATH ?? '').split(':'),
    '/usr/local/sbin',
    '/usr/sbin',
    '/sbin',
    '/usr/bin',
    '/bin',
  ];
  return findInFolders(
    name,
    folders.filter(folder => folder.startsWith('/')),
  );
}

/** Path of a host command in the first of these folders that has it. */
export function findInFolders(name: string, folders: readonly string[]): string | undefined {
  return folders.map(folder => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
