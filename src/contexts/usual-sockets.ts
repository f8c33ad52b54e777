import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Sockets of Docker and Podman where they usually are (docs.docker.com/engine/daemon/remote-access, podman-system-service(1)):
 * the machine's, and those of users: of all for root, else one's own.
 */
export function usualSockets(uid: number, run = '/run'): string[] {
  const users = uid === 0 ? namesIn(join(run, 'user')) : [String(uid)];
  const folders = [run, ...users.map(user => join(run, 'user', user))];
  return folders
    .flatMap(folder => [join(folder, 'docker.sock'), join(folder, 'podman/podman.sock')])
    .filter(isSocket)
    .map(path => `unix://${path}`);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isSocket(path: string): boolean {
  try {
    return statSync(path).isSocket();
  } catch {
    return false;
  }
}
