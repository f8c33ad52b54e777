import { existsSync } from 'node:fs';
import { PlimsollError } from '../../errors.ts';
import { resolveInRoot } from '../kernel/index.ts';
import type { ContainerMount } from './types.ts';
import type { World } from './world.ts';

/**
 * The folder of this machine that a volume's mount shows, mounted if its options want that. Throws `not-found` for a
 * subpath that is not there, `unavailable` for what cannot be mounted.
 */
export async function volumeSource(
  world: Pick<World, 'volumes'>,
  { name, subpath }: Extract<ContainerMount, { type: 'volume' }>,
): Promise<string> {
  await world.volumes.mount(name);
  const { path } = world.volumes.inspect(name);
  if (subpath === undefined) return path;
  const source = resolveInRoot(path, subpath);
  if (existsSync(source)) return source;
  throw new PlimsollError('not-found', `the volume "${name}" has no "${subpath}"`, {
    code: 'PATH_NOT_FOUND',
    hint: 'make it first, in a container that mounts the whole volume',
    data: { volume: name, subpath },
  });
}
