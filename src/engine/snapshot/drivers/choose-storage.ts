import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { messageOf, PlimsollError } from '../../../errors.ts';
import { bootId, findExecutable, identify, replaceFile } from '../../kernel/index.ts';
import type { Root } from '../../store/index.ts';
import { mayMount } from '../overlay-rights.ts';
import { opaqueXattr } from '../whiteout.ts';
import { copyDriver } from './copy.ts';
import { fuseOverlayfsDriver } from './fuse-overlayfs.ts';
import { overlayDriver } from './overlay.ts';
import { tryDriver } from './try-driver.ts';
import { type DriverName, driverNames, type StorageChoice, type StorageDriver } from './types.ts';

export interface ChooseOptions {
  readonly root: Root;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Tries anew what was found out since the machine was started. */
  readonly anew?: boolean;
}

/** The drivers of a root. */
export function storageDriver(root: Root, name: DriverName): StorageDriver {
  switch (name) {
    case 'overlay':
      return overlayDriver(root);
    case 'fuse-overlayfs':
      return fuseOverlayfsDriver(root, opaqueXattr(root));
    case 'copy':
      return copyDriver(opaqueXattr(root));
  }
}

/**
 * Chooses the best driver that works on the file system of a root, by trying; once for each boot, and again when what
 * was missing may have come. Throws `invalid-argument` for a `PLIMSOLL_STORAGE` that names none.
 */
export async function chooseStorage({ root, env, anew = false }: ChooseOptions): Promise<StorageChoice> {
  const wanted = env.PLIMSOLL_STORAGE;
  if (wanted) return { driver: parseDriver(wanted), isForced: true, refused: {} };
  const known = anew ? undefined : remembered(root);
  if (known !== undefined) return known;
  const choice = await tryAll(root);
  remember(root, choice);
  return choice;
}

function parseDriver(word: string): DriverName {
  const known = driverNames.find(name => name === word);
  if (known !== undefined) return known;
  throw new PlimsollError('invalid-argument', `PLIMSOLL_STORAGE is "${word}", which is no storage driver`, {
    code: 'STORAGE_UNKNOWN',
    hint: `set it to one of ${driverNames.join(', ')}, or to nothing: then what works best is taken`,
  });
}

async function tryAll(root: Root): Promise<StorageChoice> {
  const refused: Partial<Record<DriverName, string>> = {};
  for (const driver of ['overlay', 'fuse-overlayfs'] as const) {
    const why = lackOf(driver) ?? (await tryOn(root, driver));
    if (why === undefined) return { driver, isForced: false, refused };
    refused[driver] = why;
  }
  return { driver: 'copy', isForced: false, refused };
}

function lackOf(driver: DriverName): string | undefined {
  if (!mayMount()) return 'the right to mount (CAP_SYS_ADMIN) is missing';
  if (driver !== 'fuse-overlayfs') return undefined;
  if (findExecutable('fuse-overlayfs') === undefined) return 'it is not installed';
  try {
    closeSync(openSync('/dev/fuse', 'r+'));
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** In `tmp`, whence it goes with a sweep if this process dies; before there is a root, where that will be. */
async function tryOn(root: Root, name: DriverName): Promise<string | undefined> {
  let base = join(root.dataDir, 'tmp');
  while (!existsSync(base)) base = dirname(base);
  const folder = join(base, `trial.${process.pid}.${identify(process.pid)?.startTime ?? 0}.${name}`);
  try {
    mkdirSync(folder, { mode: 0o700 });
    return await tryDriver(storageDriver(root, name), folder, opaqueXattr(root));
  } catch (error) {
    return messageOf(error);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What a choice depends on: another of it may be found without a reboot, in a container above all. */
function circumstances({ dataDir }: Root): string {
  const disk = existsSync(dataDir) ? statfsSync(dataDir).type : 0;
  const tool = findExecutable('fuse-overlayfs') ?? '-';
  return [bootId(), mayMount(), disk, tool, existsSync('/dev/fuse')].join(' ');
}

function remember(root: Root, choice: StorageChoice): void {
  if (!existsSync(root.runDir)) return;
  replaceFile(noteOf(root), `${JSON.stringify({ of: circumstances(root), choice })}\n`);
}

function remembered(root: Root): StorageChoice | undefined {
  try {
    const { of, choice } = JSON.parse(readFileSync(noteOf(root), 'utf8')) as {
      of: string;
      choice: StorageChoice;
    };
    return of === circumstances(root) && driverNames.includes(choice.driver) ? choice : undefined;
  } catch {
    return undefined; // the first call since the machine was started
  }
}

function noteOf({ runDir }: Root): string {
  return join(runDir, 'storage.json');
}
