import type { ContainerSummary, Engine } from '../engine/index.ts';
import type { ContainerSurroundings } from './container-json.ts';

/** What an answer about containers says beside them: read once for a whole list. */
export function surroundingsOf({
  networks,
  volumes,
}: Pick<Engine, 'networks' | 'volumes'>): ContainerSurroundings {
  let paths: ReadonlyMap<string, string> | undefined;
  return {
    networks: networks.list(),
    volumePath: name => {
      paths ??= new Map(volumes.list().map(volume => [volume.name, volume.path]));
      return paths.get(name) ?? '';
    },
  };
}

/** What containers take on disk, by id; empty unless it is asked for, since it walks their files. */
export async function sizesOf(
  { files }: Pick<Engine, 'files'>,
  containers: readonly Pick<ContainerSummary, 'id'>[],
  asked: boolean,
): Promise<ReadonlyMap<string, { readonly writtenBytes: number; readonly totalBytes: number }>> {
  if (!asked) return new Map();
  return new Map(await Promise.all(containers.map(async ({ id }) => [id, await files.sizes(id)] as const)));
}
