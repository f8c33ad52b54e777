import { accessSync, constants, existsSync } from 'node:fs';

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
  for (const folder of folders) {
    const path = `${folder}/${name}`;
    if (existsSync(path) && isExecutable(path)) return path; // asked first: an error costs more than all the rest
  }
  return undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
