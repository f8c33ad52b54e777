import { Readable } from 'node:stream';
import { packTree, TreeRoot, unpackTree } from '../archive/index.ts';
import { run } from '../kernel/index.ts';

/** The tar of what is in a folder, from `.` on. */
export async function packFolder(folder: string, signal: AbortSignal | undefined): Promise<Readable> {
  const tree = await TreeRoot.open(folder);
  const pieces = packTree({ tree, path: '/', name: '.', ...(signal === undefined ? {} : { signal }) });
  const tar = Readable.from(pieces, { objectMode: false });
  tar.once('close', () => tree[Symbol.dispose]());
  return tar;
}

/** Unpacks a tar into a folder; what is there already stays. Errors: see `unpackTree`. */
export async function unpackFolder(
  folder: string,
  tar: Readable,
  signal: AbortSignal | undefined,
): Promise<void> {
  using tree = await TreeRoot.open(folder);
  await unpackTree({ tree, folder: '/', tar, ...(signal === undefined ? {} : { signal }) });
}

/** The room on disk of each folder, in bytes; what cannot be read is left out. */
export async function roomOf(folders: readonly string[]): Promise<Map<string, number>> {
  if (folders.length === 0) return new Map();
  const { stdout } = await run('du', ['-s', '-x', '-B1', '--', ...folders]);
  const rows = stdout.split('\n').map(line => /^(\d+)\t(.*)$/.exec(line));
  return new Map(rows.flatMap(row => (row === null ? [] : [[row[2] ?? '', Number(row[1])] as const])));
}
