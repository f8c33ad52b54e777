import { createHash, hash } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { KnownDigests } from './known-digests.ts';
import { createPause } from './pause.ts';
import type { FileEntry, Selection } from './select-files.ts';

/** The content of a selection, in a form that can be compared with an earlier one. */
export interface FilesDigest {
  /** Over everything that decides the copied files; mtime does not. */
  readonly digest: string;
  /** Per path a short digest of its own, to say later which one changed. */
  readonly files: Readonly<Record<string, string>>;
}

/** Owner and mode that the copy will have, if they are not the source's. */
export interface DigestOptions {
  /** False: every file will belong to the same owner, so the source's does not count. */
  readonly ownersCount: boolean;
  /** What earlier builds found out. */
  readonly known?: KnownDigests;
  readonly signal?: AbortSignal;
}

const SMALL_FILE_BYTES = 1024 * 1024;

/**
 * Digests selections: for each entry its destination path, type, mode, owner and content. The source's own path counts
 * only in the names by which changes are told.
 */
export async function digestFiles(
  selections: readonly Selection[],
  options: DigestOptions,
): Promise<FilesDigest> {
  const pause = createPause(options.signal);
  const whole = createHash('sha256');
  const files: Record<string, string> = {};
  for (const [index, selection] of selections.entries()) {
    whole.update(`${selection.isFolder ? 'folder' : 'file'} ${selections.length > 1 ? index : ''}\n`);
    for (const entry of selection.entries) {
      await pause();
      const facts = `${factsOf(entry, options)} ${knownContent(entry, options) ?? (await readContent(entry, options))}`;
      whole.update(`${JSON.stringify(entry.path)} ${facts}\n`);
      files[nameOf(selection, entry)] = hash('sha256', facts, 'base64url').slice(0, 12);
    }
  }
  return { digest: whole.digest('hex'), files };
}

function factsOf({ status, link }: FileEntry, { ownersCount }: DigestOptions): string {
  const type = (status.mode & 0o170000).toString(8);
  const mode = link === undefined ? (status.mode & 0o7777).toString(8) : '';
  const owner = ownersCount ? `${status.uid}:${status.gid}` : '';
  const device = status.isCharacterDevice() || status.isBlockDevice() ? status.rdev : '';
  return `${type} ${mode} ${owner} ${device}`;
}

/** What an entry holds, as far as that can be told without reading a file. */
function knownContent({ file, status, link }: FileEntry, { known }: DigestOptions): string | undefined {
  if (link !== undefined) return JSON.stringify(link);
  return status.isFile() ? known?.find(file, status) : '';
}

async function readContent(entry: FileEntry, { known, signal }: DigestOptions): Promise<string> {
  const digest = await digestOf(entry, signal);
  known?.note(entry.file, entry.status, digest);
  return digest;
}

async function digestOf({ file, status }: FileEntry, signal: AbortSignal | undefined): Promise<string> {
  if (status.size <= SMALL_FILE_BYTES) return hash('sha256', readFileSync(file), 'hex');
  const large = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: SMALL_FILE_BYTES }), large, { signal });
  return large.digest('hex');
}

/** The name by which a user knows the file: its path in the source. */
function nameOf(selection: Selection, entry: FileEntry): string {
  if (!selection.isFolder) return selection.source;
  return [selection.source, entry.path].filter(part => part !== '').join('/') || '.';
}
