import { chmodSync, chownSync, existsSync, lstatSync, readdirSync, statSync } from 'node:fs';
import { resolveInRoot, runOrThrow } from '../kernel/index.ts';

/**
 * Gives an empty volume what the image has at its target, with owners and modes, as docker does on first use. Does
 * nothing for a volume that holds something already, or a target that the image lacks.
 */
export async function copyUp(rootfs: string, target: string, volume: string): Promise<void> {
  if (readdirSync(volume).length > 0) return;
  const source = resolveInRoot(rootfs, target);
  if (!existsSync(source) || !lstatSync(source).isDirectory()) return;
  const { mode, uid, gid } = statSync(source);
  chownSync(volume, uid, gid);
  chmodSync(volume, mode & 0o7777);
  if (readdirSync(source).length > 0) await runOrThrow('cp', ['-a', '--', `${source}/.`, volume]);
}
