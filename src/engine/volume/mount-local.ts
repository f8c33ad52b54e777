import { mkdirSync, rmdirSync } from 'node:fs';
import { errnoOf, isPlimsollError, PlimsollError } from '../../errors.ts';
import { findMount, run, unmount } from '../kernel/index.ts';
import type { LocalMount } from './local-options.ts';

/** Longest that a server of files may take to answer. */
const patienceMs = 90_000;

/** Mounts it at `target`, a folder that is made, if nothing is mounted there. mount(8) knows all kinds and their helpers. */
export async function mountLocal(name: string, target: string, mount: LocalMount): Promise<void> {
  mkdirSync(target, { recursive: true, mode: 0o755 });
  if (findMount(target) !== undefined) return;
  const options = mount.options === '' ? [] : ['-o', mount.options];
  const args = ['-t', mount.type, ...options, '--', mount.device, target];
  const { code, stderr } = await run('mount', args, { timeoutMs: patienceMs });
  if (code === 0) return;
  removeFolder(target);
  const words = stderr.trim().split('\n')[0] ?? '';
  throw new PlimsollError('unavailable', `the volume "${name}" cannot be mounted: ${words}`, {
    code: 'VOLUME_MOUNT_FAILED',
    hint: `'plimsoll volume inspect ${name}' shows its options, which go to mount(8) as they are`,
    data: { volume: name, ...mount },
  });
}

/** False if something still uses it. */
export async function unmountLocal(target: string): Promise<boolean> {
  try {
    await unmount(target);
  } catch (error) {
    if (isPlimsollError(error, 'conflict')) return false;
    throw error;
  }
  removeFolder(target);
  return true;
}

/** Never looks into it: it may be somebody's files once more. */
function removeFolder(target: string): void {
  try {
    rmdirSync(target);
  } catch (error) {
    if (!['ENOENT', 'EBUSY', 'ENOTEMPTY'].includes(errnoOf(error) ?? '')) throw error;
  }
}
