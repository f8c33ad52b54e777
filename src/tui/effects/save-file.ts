import { type FileHandle, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, PlimsollError } from '../../errors.ts';
import { cleanText } from '../../lib/clean-text.ts';
import type { Command, Msg } from '../model/index.ts';

/** Lines that are made into text at a time: the keys go on meanwhile. */
const linesAtOnce = 4000;

type Save = Extract<Command, { type: 'save-lines' | 'save-text' }>;

/** Writes what is shown into the folder, by default that which the dashboard was started in, and says where it is. */
export async function saveFile(save: Save, folder = process.cwd()): Promise<Msg> {
  const pieces = save.type === 'save-text' ? [save.text] : textOf(save);
  const name = save.name.replace(/[^\w.-]+/g, '-').replace(/^[.-]+/, '') || 'plimsoll';
  const extension = save.type === 'save-text' ? 'csv' : 'log';
  const path = await writeNew({ folder, name: name.slice(0, 100), extension }, pieces);
  const text = cleanText(`Saved ${save.what} to ${path}`, { maxLength: 400 });
  return { type: 'noticed', notice: { tone: 'good', text, time: Date.now() } };
}

/** All lines that are kept, as they are read on the screen, but whole. */
function* textOf({ store, times }: Extract<Save, { type: 'save-lines' }>): Generator<string> {
  const { end } = store;
  for (let from = store.first; from < end; from += linesAtOnce)
    yield store
      .read(from, Math.min(end, from + linesAtOnce))
      .map(({ time, text }) => `${times ? `${time} ` : ''}${cleanText(text)}\n`)
      .join('');
}

/**
 * Makes a file of this name, or of this name with a number where there is one, and returns its path. For this user
 * only: output may hold secrets. Throws `permission-denied` (`FILE_NOT_SAVED`), and leaves no part of it.
 */
async function writeNew(
  { folder, name, extension }: { readonly folder: string; readonly name: string; readonly extension: string },
  pieces: Iterable<string>,
): Promise<string> {
  for (let number = 1; ; number++) {
    const path = join(folder, `${name}${number === 1 ? '' : `-${number}`}.${extension}`);
    let file: FileHandle | undefined;
    try {
      file = await open(path, 'wx', 0o600);
      for (const piece of pieces) await file.appendFile(piece);
      return path;
    } catch (cause) {
      if (file === undefined && errnoOf(cause) === 'EEXIST') continue;
      if (file !== undefined) await unlink(path);
      throw notSaved(path, cause);
    } finally {
      await file?.close();
    }
  }
}

function notSaved(path: string, cause: unknown): PlimsollError {
  const errno = errnoOf(cause) ?? String(cause);
  const reasons: Readonly<Record<string, string>> = {
    EACCES: 'you may not write to this folder',
    EROFS: 'this folder can only be read',
    ENOENT: 'this folder is gone',
    ENOSPC: 'the disk is full',
  };
  return new PlimsollError('permission-denied', `"${path}" was not saved: ${reasons[errno] ?? errno}`, {
    code: 'FILE_NOT_SAVED',
    hint: 'start the dashboard in another folder',
    cause,
  });
}
