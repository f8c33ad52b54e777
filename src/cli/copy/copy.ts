import { posix } from 'node:path';
import { PlimsollError } from '../../errors.ts';
import type { CopySide, SideFacts } from './copy-side.ts';
import { lastPart, planCopy } from './plan-copy.ts';

/** A path at one of the two places. */
export interface Place {
  readonly side: CopySide;
  readonly path: string;
}

/** Copies a file or folder from one place to another; `followLink`: what a link at the source leads to. */
export async function copy(from: Place, to: Place, { followLink }: { followLink: boolean }): Promise<void> {
  const source = followLink ? await followed(from) : from;
  const facts = await source.side.stat(source.path, { follow: false });
  if (facts === undefined) throw missing(from.path);
  const target = await resolveTarget(to);
  const plan = planCopy({
    source: { path: from.path, isFolder: facts.type === 'directory' },
    target,
  });
  await to.side.write(plan.folder, await source.side.read(source.path, plan.name));
}

/** Copies a file or folder out as a tar. */
export async function copyOut(
  from: Place,
  { followLink }: { followLink: boolean },
): Promise<AsyncIterable<Uint8Array>> {
  const source = followLink ? await followed(from) : from;
  return await source.side.read(source.path, lastPart(from.path));
}

/** Where a link, or a link to a link, leads; a path that is none stays. */
async function followed({ side, path }: Place): Promise<Place> {
  return { side, path: await followLinks(side, path) };
}

async function followLinks(side: CopySide, path: string): Promise<string> {
  let current = path;
  for (let hops = 0; hops < 40; hops++) {
    const facts = await side.stat(current, { follow: false });
    if (facts?.type !== 'symlink') return current;
    const { linkTarget } = facts;
    current = linkTarget.startsWith('/') ? linkTarget : posix.join(posix.dirname(current), linkTarget);
  }
  throw new PlimsollError('invalid-argument', `too many symbolic links in "${path}"`, {
    code: 'SYMLINK_LOOP',
  });
}

async function resolveTarget({ side, path }: Place) {
  const itself = await side.stat(path, { follow: false });
  const followedPath = itself?.type === 'symlink' ? await followLinks(side, path) : path;
  const facts = await side.stat(followedPath, { follow: true });
  return { path: followedPath, found: kindOf(facts) };
}

function kindOf(facts: SideFacts | undefined): 'folder' | 'file' | undefined {
  if (facts === undefined) return undefined;
  return facts.type === 'directory' ? 'folder' : 'file';
}

function missing(path: string): PlimsollError {
  return new PlimsollError('not-found', `there is no file or folder "${path}"`, { code: 'PATH_NOT_FOUND' });
}
