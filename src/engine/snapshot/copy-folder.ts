import { PlimsollError } from '../../errors.ts';
import { run } from '../kernel/index.ts';

/** Copies what is in a folder, with whiteouts (devices) and overlayfs's attributes: cp(1) as root keeps both. */
export async function copyFolder(from: string, to: string, signal: AbortSignal | undefined): Promise<void> {
  const args = ['-a', '--reflink=auto', '--', `${from}/.`, to];
  const { code, stderr } = await run('cp', args, signal === undefined ? {} : { signal });
  const words = stderr.trim().split('\n');
  if (code === 0 || words.every(line => /: No such file or directory$/.test(line))) return;
  const full = words.some(line => /No space left|Disk quota exceeded/.test(line));
  throw new PlimsollError(full ? 'resource-exhausted' : 'internal', `cannot copy the changes: ${words[0]}`, {
    code: full ? 'DISK_FULL' : 'COMMAND_FAILED',
    hint: full ? "free space, for example with 'plimsoll image prune', and try again" : 'try again',
  });
}
