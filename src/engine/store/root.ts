import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { errnoOf, PlimsollError } from '../../errors.ts';
import { shortSha256 } from '../../lib/short-sha256.ts';
import { makeFolder, makeUserRunFolder, userRunFolder } from '../kernel/index.ts';

/** Where one engine root keeps everything. Two roots on one machine share nothing: names carry `id`. */
export interface Root {
  /** Eight hex digits made from `dataDir`; part of bridge, cgroup, table and namespace names. */
  readonly id: string;
  /** Survives a reboot: database, blobs, layers, container files, volumes. */
  readonly dataDir: string;
  /** Gone after a reboot: runtime state, sockets, exit files, mounts. Short, for sun_path's 108 bytes. */
  readonly runDir: string;
  readonly rootless: boolean;
}

/** What the choice of a root depends on. */
export interface RootRequest {
  /** From `--root`; else `PLIMSOLL_ROOT`; else /var/lib/plimsoll or, rootless, $XDG_DATA_HOME/plimsoll. */
  readonly root?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The caller's, as the machine numbers it: of `caller()`. */
  readonly uid: number;
}

/** Chooses the folders of a root. Touches nothing. */
export function resolveRoot({ root, env, uid }: RootRequest): Root {
  const rootless = uid !== 0;
  const dataDir = resolve(root ?? env.PLIMSOLL_ROOT ?? defaultDataDir(env, rootless));
  const id = shortSha256(dataDir).slice(0, 8);
  const runBase = rootless ? userRunFolder(uid, env) : '/run/plimsoll';
  return { id, dataDir, runDir: join(runBase, id), rootless };
}

const dataFolders = [
  '',
  'blobs/sha256',
  'layers',
  'recipes',
  'downloads',
  'containers',
  'volumes',
  'builds',
  'mounts',
  'works',
  'tmp',
] as const;

/** Makes the folders of a root, private to the caller. */
export function createRootFolders(root: Root): void {
  if (root.rootless) makeUserRunFolder(dirname(root.runDir));
  try {
    for (const folder of dataFolders) makeFolder(join(root.dataDir, folder), 0o711);
    for (const folder of ['', 'locks', 'exits', 'containers']) {
      makeFolder(join(root.runDir, folder), 0o700);
    }
  } catch (error) {
    throw unwritable(root, error);
  }
}

function unwritable({ dataDir, rootless }: Root, error: unknown): PlimsollError {
  const elsewhere = 'choose another folder with --root or PLIMSOLL_ROOT';
  const ofRoot: Readonly<Record<string, readonly [why: string, hint: string]>> = {
    EROFS: [': its file system is read-only', elsewhere],
    ENOSPC: [': the disk is full', `free some space, or ${elsewhere}`],
    ENOTDIR: [': a part of its path is not a folder', elsewhere],
    EEXIST: [': it is not a folder', elsewhere],
  };
  const unknown = ['', rootless ? `run as root, or ${elsewhere}` : elsewhere] as const;
  const [why, hint] = ofRoot[errnoOf(error) ?? ''] ?? unknown;
  return new PlimsollError('permission-denied', `cannot create the root "${dataDir}"${why}`, {
    code: 'ROOT_UNWRITABLE',
    hint,
    data: { root: dataDir },
    cause: error,
  });
}

/** The owner that a run folder belongs to, by the boot in which it was made; see `engine/system/recover.ts`. */
export function readBootMark(root: Root): string | undefined {
  try {
    return readFileSync(join(root.runDir, 'boot-id'), 'utf8').trim();
  } catch {
    return undefined;
  }
}

function defaultDataDir(env: RootRequest['env'], rootless: boolean): string {
  if (!rootless) return '/var/lib/plimsoll';
  return join(env.XDG_DATA_HOME ?? join(env.HOME ?? '/tmp', '.local/share'), 'plimsoll');
}
