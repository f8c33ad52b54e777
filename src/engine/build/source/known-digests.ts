import { createHash } from 'node:crypto';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Digests of files from earlier builds, by what lstat(2) says of them: inode, size, mtime and ctime. An edit that puts the
 * mtime back still changes the ctime, which no program can set; and a file that changed so shortly before it was read that
 * a later change could have the same times is not remembered.
 */
export interface KnownDigests {
  /** The digest of a file that is as it was when this was noted. */
  find(file: string, status: Stats): string | undefined;
  note(file: string, status: Stats, digest: string): void;
  /** Keeps what was noted for the next build, if there is anything new. */
  save(): void;
}

interface Fact {
  readonly inode: number;
  readonly size: number;
  readonly mtime: number;
  readonly ctime: number;
  readonly digest: string;
}

/** Timestamps come in steps: of a few milliseconds in the kernel's clock, of up to two seconds on some file systems. */
const STEP_MS = 2000;
const MOST_CONTEXTS = 32;
/** Beyond this, files that this build did not see are forgotten. */
const MOST_FILES = 200_000;

/** Opens what is known of the files below `folder`, kept in the file `place`. `clock` is in milliseconds since the epoch. */
export function openKnownDigests(folder: string, place: string, clock: () => number): KnownDigests {
  const opened = clock();
  const before = load(place);
  const now = new Map<string, Fact>();
  let isNew = false;
  return {
    find: (file, status) => {
      const path = file.slice(folder.length);
      const fact = before.get(path);
      if (fact === undefined || !isSame(fact, status)) return undefined;
      now.set(path, fact);
      return fact.digest;
    },
    note: (file, { ino, size, mtimeMs, ctimeMs }, digest) => {
      if (Math.max(mtimeMs, ctimeMs) > opened - STEP_MS) return;
      isNew = true;
      now.set(file.slice(folder.length), { inode: ino, size, mtime: mtimeMs, ctime: ctimeMs, digest });
    },
    save: () => {
      if (!isNew) return;
      save(place, before.size + now.size > MOST_FILES ? now : new Map([...before, ...now]));
      isNew = false;
    },
  };
}

function isSame(fact: Fact, { ino, size, mtimeMs, ctimeMs }: Stats): boolean {
  return fact.inode === ino && fact.size === size && fact.mtime === mtimeMs && fact.ctime === ctimeMs;
}

type Row = [path: string, inode: number, size: number, mtime: number, ctime: number, digest: string];

/** A file that is damaged or not there knows nothing. */
function load(place: string): Map<string, Fact> {
  try {
    const [checksum, text = ''] = readFileSync(place, 'utf8').split(/\n(.*)/s);
    if (checksum !== checksumOf(text)) return new Map();
    const rows = JSON.parse(text) as readonly Row[];
    return new Map(
      rows.map(([path, inode, size, mtime, ctime, digest]) => [path, { inode, size, mtime, ctime, digest }]),
    );
  } catch {
    return new Map();
  }
}

/** Whole or not at all, but without waiting for the disk: what is lost is worked out again. */
function save(place: string, facts: ReadonlyMap<string, Fact>): void {
  const rows = [...facts].map(
    ([path, { inode, size, mtime, ctime, digest }]): Row => [
      ...([path, inode, size, mtime, ctime, digest] as const),
    ],
  );
  const text = JSON.stringify(rows);
  const beside = `${place}.${process.pid}`;
  mkdirSync(dirname(place), { recursive: true, mode: 0o700 });
  writeFileSync(beside, `${checksumOf(text)}\n${text}`, { mode: 0o600 });
  renameSync(beside, place);
  forgetOldest(dirname(place));
}

function checksumOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function forgetOldest(folder: string): void {
  const files = readdirSync(folder).map(name => join(folder, name));
  if (files.length <= MOST_CONTEXTS) return;
  const ages = files.map(file => ({ file, time: statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0 }));
  ages.sort((a, b) => b.time - a.time);
  for (const { file } of ages.slice(MOST_CONTEXTS)) rmSync(file, { force: true });
}
