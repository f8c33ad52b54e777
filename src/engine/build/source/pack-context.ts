import { createReadStream, lstatSync, readdirSync, readlinkSync, type Stats } from 'node:fs';
import { join, posix, relative } from 'node:path';
import { joined } from '../../../lib/joined.ts';
import { type TarEntry, tarEnd, tarPadding, writeTarHeader } from '../../../lib/tar/index.ts';
import { type BuildContext, openContext } from './open-context.ts';

/** A build context as another builder takes it. */
export interface PackedContext {
  readonly tar: AsyncIterable<Uint8Array>;
  /** Its Dockerfile, by its name in the tar. */
  readonly dockerfile: string;
}

/** A Dockerfile that is not in the context goes along under this name. */
const strangerName = '.dockerfile.plimsoll';

/**
 * The folder of a build as a tar, less what its .dockerignore leaves out, but always with the Dockerfile and the ignore
 * file themselves: the builder reads them. All belongs to root there, as docker's client has it. Throws like
 * `openContext`.
 */
export function packContext(request: {
  readonly context: string;
  readonly dockerfile?: string;
}): PackedContext {
  const context = openContext(request);
  const inside = relative(context.folder, context.dockerfile);
  const isStranger = inside.startsWith('..');
  return {
    dockerfile: isStranger ? strangerName : inside,
    tar: joined(pieces(context, isStranger ? undefined : inside)),
  };
}

async function* pieces(context: BuildContext, dockerfile: string | undefined): AsyncGenerator<Uint8Array> {
  const always = new Set([dockerfile, '.dockerignore', `${dockerfile}.dockerignore`]);
  yield* folder(context, '', always);
  if (dockerfile === undefined) yield* file(context.dockerfile, strangerName, lstatSync(context.dockerfile));
  yield tarEnd;
}

async function* folder(
  context: BuildContext,
  path: string,
  always: ReadonlySet<string | undefined>,
): AsyncGenerator<Uint8Array> {
  for (const name of readdirSync(join(context.folder, path)).sort()) {
    const inner = posix.join(path, name);
    const left = context.filter.excludes(inner) && !always.has(inner);
    const full = join(context.folder, inner);
    const stat = lstatSync(full, { throwIfNoEntry: false });
    if (stat === undefined) continue;
    if (stat.isDirectory()) {
      const leads = [...always].some(each => each?.startsWith(`${inner}/`));
      if (!left) yield writeTarHeader(entry(inner, stat, { type: 'directory' }));
      if (!left || leads || context.filter.mayIncludeBelow(inner)) yield* folder(context, inner, always);
    } else if (left) continue;
    else if (stat.isSymbolicLink())
      yield writeTarHeader(entry(inner, stat, { type: 'symlink', linkName: readlinkSync(full) }));
    else if (stat.isFile()) yield* file(full, inner, stat);
  }
}

/** What shrinks meanwhile is filled up with noughts, and what grows is cut: the header has been sent. */
async function* file(full: string, name: string, stat: Stats): AsyncGenerator<Uint8Array> {
  yield writeTarHeader(entry(name, stat, { type: 'file', size: stat.size }));
  let left = stat.size;
  if (left > 0) {
    for await (const chunk of createReadStream(full, { end: left - 1 }) as AsyncIterable<Buffer>) {
      left -= chunk.length;
      yield chunk;
    }
  }
  if (left > 0) yield Buffer.alloc(left);
  yield Buffer.alloc(tarPadding(stat.size));
}

function entry(name: string, stat: Stats, more: Partial<TarEntry>): TarEntry {
  return {
    name,
    type: 'file',
    mode: stat.mode & 0o7777,
    uid: 0,
    gid: 0,
    size: 0,
    mtime: Math.floor(stat.mtimeMs / 1000),
    linkName: '',
    major: 0,
    minor: 0,
    xattrs: [],
    ...more,
  };
}
