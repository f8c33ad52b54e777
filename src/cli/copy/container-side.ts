import type { Engine } from '../../engine/index.ts';
import { renameRoot } from '../../lib/tar/index.ts';
import type { CopySide, SideOptions } from './copy-side.ts';
import { lastPart } from './plan-copy.ts';

/** The files of a container. What is written there is root's, unless owners are kept. */
export function containerSide(
  { files }: Pick<Engine, 'files'>,
  container: string,
  { archive, signal, onBytes }: SideOptions,
): CopySide {
  return {
    stat: (path, options) => files.stat(container, path, options),
    read: async (path, name) => {
      const tar = await files.read(container, path, { signal });
      return name === lastPart(path) ? tar : renameRoot(tar, Buffer.from(name).toString('latin1'));
    },
    write: (folder, tar) =>
      files.write(container, folder, tar, {
        ...(archive ? {} : { owner: { uid: 0, gid: 0 } }),
        keepKinds: true,
        signal,
        onBytes,
      }),
  };
}
