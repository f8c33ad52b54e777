import { Readable } from 'node:stream';
import type { Engine } from '../engine/index.ts';
import { PlimsollError } from '../errors.ts';
import { formatReference, parseReference } from '../oci/index.ts';
import type { ApiClient } from './client.ts';
import type { Mirror } from './mirror.ts';
import { readMessages, transferEvents } from './progress.ts';

type Archives = Engine['archives'];

/** Images of an engine elsewhere as files of this machine. */
export function createArchives(client: ApiClient, mirror: Mirror): Archives {
  return {
    // An engine writes the one format that it has.
    async save({ names, signal, packing }) {
      if (packing !== undefined)
        throw new PlimsollError('not-implemented', "Docker's API has no word for how layers are packed", {
          code: 'REMOTE_LACKS',
          hint: "leave 'compression=' out, or pack the image with plimsoll's own engine",
        });
      return await client.stream('GET', '/images/get', { query: { names }, signal });
    },
    async rootfs(name, { signal } = {}) {
      const { Id } = (await client.json('POST', '/containers/create', {
        body: { Image: mirror.image(name).id, Cmd: ['-'] },
        signal,
      })) as { Id: string };
      const stream = await client.stream('GET', `/containers/${Id}/export`, { signal });
      stream.once('close', () => {
        client.json('DELETE', `/containers/${Id}`, { query: { force: true } }).catch(() => {}); // it never ran
      });
      return stream;
    },
    async load({ archive, signal, onProgress }) {
      const before = new Map(
        mirror.images().flatMap(({ id, references }) => references.map(each => [each, id])),
      );
      const answer = await client.stream('POST', '/images/load', {
        query: { quiet: onProgress === undefined },
        file: Readable.from(archive, { objectMode: false }),
        headers: { 'Content-Type': 'application/x-tar' },
        signal,
      });
      const tell = transferEvents('the archive', onProgress);
      const names: string[] = [];
      for await (const message of readMessages(answer as AsyncIterable<Buffer>)) {
        tell(message);
        const [, name] = /Loaded image(?: ID)?: (\S+)/.exec(message.stream ?? '') ?? [];
        if (name !== undefined) names.push(name);
      }
      await mirror.refreshImages();
      return names.map(name => {
        const { id } = mirror.image(name);
        const references = name.startsWith('sha256:') ? [] : [formatReference(parseReference(name))];
        const replaced = references.flatMap(reference => {
          const old = before.get(reference);
          return old === undefined || old === id ? [] : [{ reference, id: old }];
        });
        return { id, references, replaced };
      });
    },
    async importTar({ tar, reference, changes, message, platform, signal }) {
      const answer = await client.stream('POST', '/images/create', {
        // The tag stays with the name: Podman knows no other way.
        query: { fromSrc: '-', repo: reference, changes, message, platform },
        file: Readable.from(tar, { objectMode: false }),
        signal,
      });
      let id = '';
      for await (const { status = '' } of readMessages(answer as AsyncIterable<Buffer>)) {
        if (/^sha256:[0-9a-f]{64}$/.test(status.trim())) id = status.trim();
      }
      await mirror.refreshImages();
      return id;
    },
  };
}
