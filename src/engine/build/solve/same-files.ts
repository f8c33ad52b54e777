import { closeSync, lstatSync, openSync, readdirSync, readlinkSync, readSync, type Stats } from 'node:fs';
import { isContentXattr, type Native, preloadNative, readXattrs } from '../../kernel/index.ts';
import { createPause } from '../source/index.ts';

/**
 * True if two layers hold the same but for times: names, kinds, modes, owners, attributes, links and bytes. It is what
 * BuildKit's digest of files is about, which has no times either. Compared from what is cheap to what is not.
 */
export async function sameFiles(one: string, other: string, signal: AbortSignal): Promise<boolean> {
  const native = await preloadNative();
  const pause = createPause(signal);
  const pairs: [Buffer, Buffer][] = [[Buffer.from(one), Buffer.from(other)]];
  const contents: [Buffer, Buffer][] = [];
  for (let at = pairs.pop(); at !== undefined; at = pairs.pop()) {
    await pause();
    const [a, b] = at;
    const status = lstatSync(a);
    if (!sameFacts(status, lstatSync(b)) || !sameAttributes(native, a, b)) return false;
    if (status.isFile()) contents.push(at);
    else if (status.isSymbolicLink() && !linkOf(a).equals(linkOf(b))) return false;
    else if (status.isDirectory()) {
      const [names, others] = [namesIn(a), namesIn(b)];
      if (names.join('/') !== others.join('/')) return false;
      for (const name of names) pairs.push([below(a, name), below(b, name)]);
    }
  }
  const buffers = [Buffer.allocUnsafe(pieceBytes), Buffer.allocUnsafe(pieceBytes)] as const;
  for (const [a, b] of contents) if (!(await sameBytes(a, b, buffers, pause))) return false;
  return true;
}

const pieceBytes = 1024 * 1024;

function sameFacts(a: Stats, b: Stats): boolean {
  const isSized = !a.isDirectory(); // how much room a folder takes says nothing of it
  return (
    a.mode === b.mode &&
    a.uid === b.uid &&
    a.gid === b.gid &&
    a.rdev === b.rdev &&
    (!isSized || (a.size === b.size && a.nlink === b.nlink))
  );
}

/** A folder that hides what is below it says so in an attribute of overlayfs, which counts here too. */
function sameAttributes(native: Native, a: Buffer, b: Buffer): boolean {
  const [own, other] = [a, b].map(path =>
    readXattrs(native, path)
      .filter(({ name }) => isContentXattr(name) || name.endsWith('overlay.opaque'))
      .map(({ name, value }) => `${name}=${value.toString('latin1')}`)
      .join('\n'),
  );
  return own === other;
}

/** Names as bytes in latin1, sorted. */
function namesIn(folder: Buffer): string[] {
  return readdirSync(folder, { encoding: 'buffer' })
    .map(name => name.toString('latin1'))
    .sort();
}

function below(folder: Buffer, name: string): Buffer {
  return Buffer.concat([folder, Buffer.from(`/${name}`, 'latin1')]);
}

function linkOf(path: Buffer): Buffer {
  return readlinkSync(path, { encoding: 'buffer' });
}

async function sameBytes(
  a: Buffer,
  b: Buffer,
  [own, other]: readonly [Buffer, Buffer],
  pause: () => Promise<void> | undefined,
): Promise<boolean> {
  const opened: number[] = [];
  try {
    for (const path of [a, b]) opened.push(openSync(path, 'r'));
    const [first = -1, second = -1] = opened;
    for (;;) {
      await pause();
      const length = readSync(first, own, 0, pieceBytes, null);
      if (readSync(second, other, 0, pieceBytes, null) !== length) return false;
      if (length === 0) return true;
      if (own.compare(other, 0, length, 0, length) !== 0) return false;
    }
  } finally {
    for (const descriptor of opened) closeSync(descriptor);
  }
}
