import type { Engine, EngineLink } from '../engine/index.ts';
import { JsonFields } from '../wire/index.ts';
import type { ApiClient } from './client.ts';
import type { Mirror } from './mirror.ts';
import { refuse } from './refuse.ts';

/** Volumes of an engine elsewhere. */
export function createVolumes(
  client: ApiClient,
  mirror: Mirror,
  lacks: EngineLink['lacks'],
): Engine['volumes'] {
  return {
    list: () => mirror.volumes(),
    inspect: name => mirror.volume(name),
    async create({ name, labels, options } = {}) {
      const made = (await client.json('POST', '/volumes/create', {
        body: { Name: name ?? '', Driver: 'local', Labels: labels ?? {}, DriverOpts: options ?? {} },
      })) as { Name: string };
      await mirror.refreshVolumes();
      return mirror.volume(made.Name);
    },
    async remove(name) {
      await client.json('DELETE', `/volumes/${mirror.volume(name).name}`);
      await mirror.refreshVolumes();
    },
    use: () => refuse(lacks, 'volume-use'),
    async release() {},
    async mount() {},
    async unmount() {},
    export: async () => refuse(lacks, 'volume-files'),
    import: async () => refuse(lacks, 'volume-files'),
    async sizes(names) {
      const df = new JsonFields(await client.json('GET', '/system/df', { query: { type: 'volume' } }));
      const known = new Map(
        df
          .objects('Volumes')
          .map(each => [each.text('Name') ?? '', each.object('UsageData').number('Size') ?? 0]),
      );
      return new Map(names.map(name => [name, Math.max(0, known.get(name) ?? 0)]));
    },
  };
}
