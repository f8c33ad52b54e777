import { closeSync, openSync, readSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errnoOf, PlimsollError, throwIfAborted } from '../../errors.ts';
import { adopt } from './adopt.ts';
import { findMount, mountError, type OverlayRequest, unmount } from './mount.ts';
import { commandError, start } from './spawn.ts';

export interface FuseOverlayRequest extends Omit<OverlayRequest, 'options'> {
  readonly disposable: boolean;
  readonly rootId: string;
  readonly signal?: AbortSignal | undefined;
}

/** It mounts within milliseconds; more is a machine that is very busy. */
const patienceMs = 30_000;

/**
 * Mounts an overlay by fuse-overlayfs(1). Its process outlives this one and ends when it is unmounted. Throws
 * `unavailable` if it is not installed.
 */
export async function mountFuseOverlay(request: FuseOverlayRequest): Promise<void> {
  const { target, rootId, signal } = request;
  const words = join(request.work, `words.${process.pid}`);
  const output = openSync(words, 'w+', 0o600);
  rmSync(words);
  try {
    const child = start('fuse-overlayfs', ['-f', '-o', optionLine(request), target], {
      cwd: request.lowerBase,
      detached: true, // neither a hangup of the terminal nor Ctrl-C reaches it
      stdio: ['ignore', output, output],
    });
    let ended: Error | string | undefined;
    child.once(
      'error',
      error => (ended = errnoOf(error) === 'ENOENT' ? missing() : commandError('fuse-overlayfs', error)),
    );
    const onExit = () => (ended ??= textOf(output) || 'it ended at once');
    child.once('exit', onExit);
    const deadline = performance.now() + patienceMs;
    while (findMount(target) === undefined) {
      await sleep(1);
      if (ended instanceof Error) throw ended;
      if (ended !== undefined) throw mountError(target, ended.replaceAll('\n', '; '));
      if (!signal?.aborted && performance.now() < deadline) continue;
      child.kill('SIGKILL');
      throwIfAborted(signal, 'mounting a root filesystem');
      throw mountError(target, 'fuse-overlayfs does not answer');
    }
    if (child.pid !== undefined) await adopt(rootId, child.pid);
    child.off('exit', onExit).unref();
  } catch (error) {
    await unmount(target, { lazy: true });
    throw error;
  } finally {
    closeSync(output);
  }
}

function missing(): PlimsollError {
  return new PlimsollError('unavailable', 'the host command "fuse-overlayfs" is not installed', {
    code: 'HOST_TOOL_MISSING',
    hint: 'install it: PLIMSOLL_STORAGE says, or said when a container was made, that root filesystems are made with it',
    data: { command: 'fuse-overlayfs' },
  });
}

/** Read from the beginning: the place in the file is the child's too. */
function textOf(file: number): string {
  const buffer = Buffer.alloc(1024);
  return buffer.toString('utf8', 0, readSync(file, buffer, 0, buffer.length, 0)).trim();
}

/**
 * Without a cache of what is written, so that the folder of changes has it at once. Names of layers are relative, as
 * those of folders may have colons, which part them.
 */
function optionLine({ lowers, upper, work, disposable }: FuseOverlayRequest): string {
  const parts = [`lowerdir=${lowers.join(':')}`, `upperdir=${escaped(upper)}`, `workdir=${escaped(work)}`];
  return [...parts, 'writeback=0', ...(disposable ? ['volatile'] : [])].join(',');
}

/** libfuse reads a backslash as an escape, and a comma as the end of an option. */
function escaped(path: string): string {
  return path.replace(/[\\,]/g, '\\$&');
}
