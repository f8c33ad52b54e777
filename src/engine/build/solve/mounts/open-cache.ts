import { copyFiles } from '../../copy/index.ts';
import type { MountOperation } from '../../plan/index.ts';
import type { OpeningPlace, OpenMount } from './types.ts';

type CacheOperation = Extract<MountOperation, { type: 'cache' }>;

/** A folder that stays from build to build. */
export async function openCache(operation: CacheOperation, place: OpeningPlace): Promise<OpenMount> {
  const { id, sharing, target, readOnly, mode = 0o755, uid = 0, gid = 0 } = operation;
  const { signal } = place.files;
  const beginning = await beginningOf(operation, place);
  const taken = await place.deps.cacheMounts.take({
    ...{ id, sharing, mode, uid, gid, signal },
    ...beginning,
    onWait: () => place.say(`waiting for the cache mount "${id}", which another step uses`),
  });
  place.stack.use(taken);
  return { mount: { type: 'bind', source: taken.folder, target, readOnly, isFolder: true } };
}

/** What `from` puts into a new one. */
async function beginningOf({ from, source }: CacheOperation, { files }: OpeningPlace) {
  if (from === undefined) return {};
  const request = { from, sources: [source], exclude: [], parents: false, ownersCount: true };
  const { content = '' } = await files.digest(request);
  const { signal } = files;
  return {
    origin: content,
    fill: async (folder: string) =>
      copyFiles({
        root: folder,
        selections: await files.select(request),
        destination: '/',
        attributes: true,
        signal,
      }),
  };
}
