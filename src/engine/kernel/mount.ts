import { closeSync, readFileSync, readSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { messageOf, PlimsollError } from '../../errors.ts';
import {
  MNT_DETACH,
  MS_BIND,
  MS_NODEV,
  MS_NOSUID,
  type Native,
  nativeIfThere,
  UMOUNT_NOFOLLOW,
} from './native.ts';
import { run } from './spawn.ts';

export interface OverlayRequest {
  /** Folder that holds the lower folders. */
  readonly lowerBase: string;
  /** Names in `lowerBase`, topmost first; at least one. */
  readonly lowers: readonly string[];
  readonly upper: string;
  readonly work: string;
  readonly target: string;
  /** Mount options without a value or `name=value`, such as `userxattr`. */
  readonly options: readonly string[];
}

export interface MountEntry {
  /** Real path, as bytes in latin1. */
  readonly target: string;
  readonly type: string;
  /** Options of the superblock. */
  readonly options: string;
}

/** The kernel copies one page of options and drops the rest in silence: one layer too many, and the upper is gone. */
const optionsLimit = 4095;

/**
 * Mounts an overlay and proves that it is there, writable: by fsconfig(2) with one `lowerdir+` each (kernel >= 6.7),
 * else by mount(2), else by mount(8), which can name the layers from their folder and so holds three times as many.
 */
export async function mountOverlay(request: OverlayRequest): Promise<void> {
  const native = await nativeIfThere();
  const byLayers = native === undefined ? { needs: 'koffi' } : mountByLayers(native, request);
  if (byLayers === undefined) return; // each folder was taken by a call of its own: none can be left out
  const refusal = native === undefined ? byLayers : await mountByOneCall(native, request, byLayers);
  if (refusal !== undefined) await mountByTool(request, refusal);
  const mounted = findMount(request.target);
  if (mounted?.type === 'overlay' && /(^|,)upperdir=/.test(mounted.options)) return;
  await unmount(request.target, { lazy: true });
  throw mountError(request.target, 'the kernel left out its upper folder');
}

/** Mounts memory at `target`, for the caller alone. */
export async function mountTmpfs(target: string, options: { sizeBytes: number }): Promise<void> {
  const words = `mode=0700,size=${options.sizeBytes}`;
  const native = await nativeIfThere();
  if (native !== undefined) {
    const failure = await attempt(() =>
      native.mount('tmpfs', Buffer.from(target), 'tmpfs', MS_NOSUID | MS_NODEV, Buffer.from(words)),
    );
    if (failure !== undefined) throw mountError(target, failure);
    return;
  }
  const args = ['-t', 'tmpfs', '-o', `${words},nosuid,nodev`, 'tmpfs', target];
  const { code, stderr } = await run('mount', args);
  if (code !== 0) throw mountError(target, stderr.trim().replaceAll('\n', '; '));
}

/** Shows a folder at `target` too, without what is mounted in it. */
export async function bindMount(folder: string, target: string): Promise<void> {
  const native = await nativeIfThere();
  const failure =
    native === undefined
      ? await bindByTool(folder, target)
      : await attempt(() => native.mount(folder, Buffer.from(target), 'none', MS_BIND, Buffer.alloc(0)));
  if (failure !== undefined) throw mountError(target, failure);
}

async function bindByTool(folder: string, target: string): Promise<string | undefined> {
  const { code, stderr } = await run('mount', ['--bind', '--', folder, target]);
  return code === 0 ? undefined : stderr.trim();
}

/**
 * Unmounts `target`; does nothing if it is not mounted. `lazy`: takes it out of the tree even while it is used.
 * Otherwise throws `conflict` (`MOUNT_BUSY`) then.
 */
export async function unmount(target: string, options: { lazy?: boolean } = {}): Promise<void> {
  const native = await nativeIfThere();
  if (native === undefined && findMount(target) === undefined) return;
  const failure =
    native === undefined
      ? await unmountByTool(target, options.lazy)
      : await attempt(() =>
          native.umount2(Buffer.from(target), UMOUNT_NOFOLLOW | (options.lazy ? MNT_DETACH : 0)),
        );
  // A failure where nothing is mounted is none. Asked afterwards: the list of all mounts takes longer than the call.
  if (failure === undefined || findMount(target) === undefined) return;
  throw new PlimsollError('conflict', `cannot unmount "${target}": ${failure}`, {
    code: 'MOUNT_BUSY',
    hint: 'find what uses it with fuser -m, and stop that',
    data: { target },
  });
}

/** The topmost mount at a path, if there is one. */
export function findMount(target: string): MountEntry | undefined {
  const real = realPathOf(target) ?? realPathOf(dirname(target), basename(target));
  if (real === undefined) return undefined;
  const name = Buffer.from(real).toString('latin1');
  return readMounts().findLast(mount => mount.target === name);
}

/** A mount whose process is gone (fuse) cannot be asked for its own path: then its folder is. */
function realPathOf(folder: string, ...names: string[]): string | undefined {
  try {
    return join(realpathSync(folder), ...names);
  } catch {
    return undefined;
  }
}

/** Every mount that this process sees, in mount order; see proc(5), /proc/PID/mountinfo. */
export function readMounts(): MountEntry[] {
  const lines = readFileSync('/proc/self/mountinfo', 'latin1').split('\n');
  return lines.flatMap(line => {
    const separator = line.indexOf(' - ');
    if (separator < 0) return [];
    const target = line.split(' ', 5)[4] ?? '';
    const [type = '', , options = ''] = line.slice(separator + 3).split(' ');
    return [{ target: unescapeOctal(target), type, options }];
  });
}

/** The mounts at and below a folder, deepest last. */
export function mountsBelow(folder: string): string[] {
  let real: string;
  try {
    real = realpathSync(folder);
  } catch {
    return [];
  }
  const name = Buffer.from(real).toString('latin1');
  const targets = readMounts().map(mount => mount.target);
  const below = targets.filter(target => target === name || target.startsWith(`${name}/`));
  return below.map(target => Buffer.from(target, 'latin1').toString('utf8'));
}

/** Why system calls could not mount. */
interface Refusal {
  /** What it would have needed. */
  readonly needs: string;
  /** What the kernel said, if anything. */
  readonly words?: string;
}

/** Undefined if it is mounted. `refusal`: that of the way by layers. */
async function mountByOneCall(
  native: Native,
  request: OverlayRequest,
  refusal: Refusal,
): Promise<Refusal | undefined> {
  const lowers = request.lowers.map(name => escapePath(join(request.lowerBase, name)));
  const data = Buffer.from(optionLine({ ...request, lowers }));
  if (data.length > optionsLimit) return refusal;
  const failure = await attempt(() =>
    native.mount('overlay', Buffer.from(request.target), 'overlay', 0, data),
  );
  return failure === undefined ? undefined : refusal;
}

function mountByLayers(native: Native, request: OverlayRequest): Refusal | undefined {
  let context: number | undefined;
  let mount: number | undefined;
  try {
    context = native.fsopen('overlay');
    for (const name of request.lowers)
      native.fsconfigString(context, 'lowerdir+', Buffer.from(join(request.lowerBase, name)));
    native.fsconfigString(context, 'upperdir', Buffer.from(escapePath(request.upper)));
    native.fsconfigString(context, 'workdir', Buffer.from(escapePath(request.work)));
    for (const option of request.options) setOption(native, context, option);
    native.fsconfigCreate(context);
    mount = native.fsmount(context);
    native.moveMount(mount, Buffer.from(request.target));
    return undefined;
  } catch (error) {
    const words = context === undefined ? '' : contextMessages(context);
    const needs = `a newer kernel (${messageOf(error)}${words && `; ${words}`})`;
    // An older kernel only says that it does not know this way.
    return words === '' || words.includes('lowerdir+') ? { needs } : { needs, words };
  } finally {
    if (mount !== undefined) closeSync(mount);
    if (context !== undefined) closeSync(context);
  }
}

function setOption(native: Native, context: number, option: string): void {
  const equals = option.indexOf('=');
  if (equals < 0) native.fsconfigFlag(context, option);
  else native.fsconfigString(context, option.slice(0, equals), Buffer.from(option.slice(equals + 1)));
}

/** What the kernel says about a failed fsconfig(2): one message per read. */
function contextMessages(context: number): string {
  const messages: string[] = [];
  const buffer = Buffer.alloc(1024);
  try {
    for (;;) messages.push(plain(buffer.toString('utf8', 0, readSync(context, buffer))));
  } catch {
    return messages.join('; '); // ENODATA: that was all
  }
}

/** Without the letter that says how bad it is (fsopen(2)), and who says so. */
function plain(message: string): string {
  return message.trim().replace(/^[ewi] (overlay(fs)?: )?/, '');
}

async function mountByTool(request: OverlayRequest, { needs, words }: Refusal): Promise<void> {
  const line = optionLine(request);
  if (Buffer.byteLength(line) > optionsLimit)
    throw mountError(request.target, `its ${request.lowers.length} layers need ${needs}`);
  const args = ['-t', 'overlay', '-o', line, 'overlay', request.target];
  const { code, stderr } = await run('mount', args, { cwd: request.lowerBase });
  if (code !== 0) throw mountError(request.target, words ?? stderr.trim().replaceAll('\n', '; '));
}

function optionLine(request: OverlayRequest): string {
  const own = [`upperdir=${escapePath(request.upper)}`, `workdir=${escapePath(request.work)}`];
  return [`lowerdir=${request.lowers.join(':')}`, ...own, ...request.options].join(',');
}

/** Overlayfs and libmount read a backslash as an escape, and a comma as the end of an option. */
function escapePath(path: string): string {
  return path.replace(/[\\,:]/g, '\\$&');
}

async function unmountByTool(target: string, lazy: boolean | undefined): Promise<string | undefined> {
  const { code, stderr } = await run('umount', lazy ? ['-l', target] : [target]);
  return code === 0 ? undefined : stderr.trim();
}

/** What went wrong with a system call, or nothing. */
async function attempt(call: () => void | Promise<void>): Promise<string | undefined> {
  try {
    await call();
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

export function mountError(target: string, why: string): PlimsollError {
  return new PlimsollError('internal', `cannot mount the root filesystem "${target}": ${why}`, {
    code: 'MOUNT_FAILED',
    hint: "run 'plimsoll doctor' to see with what root filesystems can be made here; one that is there keeps what it was made with",
    data: { target, why },
  });
}
