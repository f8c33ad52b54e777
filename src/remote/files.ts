import { Readable } from 'node:stream';
import type { Engine } from '../engine/index.ts';
import { isPlimsollError } from '../errors.ts';
import { JsonFields, readPathStat } from '../wire/index.ts';
import type { ApiClient } from './client.ts';
import type { Mirror } from './mirror.ts';

type Files = Engine['files'];
type Facts = NonNullable<Awaited<ReturnType<Files['stat']>>>;

/** Files of containers of an engine elsewhere. */
export function createFiles(client: ApiClient, mirror: Mirror): Files {
  const idOf = (name: string) => mirror.container(name).id;
  const archive = (name: string) => `/containers/${idOf(name)}/archive`;
  return {
    async stat(name, path, { follow }) {
      const facts = await readFacts(client, archive(name), path);
      if (!follow || facts?.linkTarget === undefined || facts.linkTarget === '') return facts;
      return await readFacts(client, archive(name), facts.linkTarget);
    },
    async read(name, path, { signal } = {}) {
      return await client.stream('GET', archive(name), { query: { path }, signal });
    },
    async write(name, folder, tar, { keepKinds, signal, onBytes } = {}) {
      const file = Readable.from(counted(tar, onBytes), { objectMode: false });
      await client.json('PUT', archive(name), {
        query: { path: folder, noOverwriteDirNonDir: keepKinds ? '1' : undefined },
        file,
        signal,
      });
    },
    export: (name, { signal } = {}) => client.stream('GET', `/containers/${idOf(name)}/export`, { signal }),
    async changes(name) {
      const list = (await client.json('GET', `/containers/${idOf(name)}/changes`)) as
        | { Path: string; Kind: number }[]
        | null;
      return (list ?? []).map(({ Path, Kind }) => ({ path: Path, kind: kinds[Kind] ?? 'changed' }));
    },
    async sizes(name) {
      const json = await client.json('GET', `/containers/${idOf(name)}/json`, { query: { size: true } });
      const fields = new JsonFields(json);
      return { writtenBytes: fields.number('SizeRw') ?? 0, totalBytes: fields.number('SizeRootFs') ?? 0 };
    },
    async commit(name, { reference, author, message, changes, pause, signal } = {}) {
      const [repo, tag] = reference === undefined ? [undefined, undefined] : partsOf(reference);
      const answer = await client.json('POST', '/commit', {
        query: { container: idOf(name), repo, tag, author, comment: message, changes, pause: pause ?? true },
        signal,
      });
      await mirror.refreshImages();
      return new JsonFields(answer).text('Id') ?? '';
    },
  };
}

const kinds = ['changed', 'added', 'deleted'] as const;

/** `team/web:1` as the two parts that queries have. */
export function partsOf(reference: string): [string, string | undefined] {
  const at = reference.indexOf('@');
  if (at >= 0) return [reference.slice(0, at), reference.slice(at + 1)];
  const colon = reference.lastIndexOf(':');
  return colon > reference.lastIndexOf('/')
    ? [reference.slice(0, colon), reference.slice(colon + 1)]
    : [reference, undefined];
}

async function* counted(tar: AsyncIterable<Uint8Array>, onBytes: ((bytes: number) => void) | undefined) {
  for await (const chunk of tar) {
    yield chunk;
    onBytes?.(chunk.length);
  }
}

async function readFacts(client: ApiClient, path: string, file: string): Promise<Facts | undefined> {
  try {
    const answer = await client.stream('HEAD', path, { query: { path: file } });
    const header = answer.headers['x-docker-container-path-stat'];
    return typeof header === 'string' ? readPathStat(header) : undefined;
  } catch (error) {
    if (isPlimsollError(error, 'not-found')) return undefined;
    throw error;
  }
}
