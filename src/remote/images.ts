import type { Engine, EngineLink, PulledImage, PullRequest } from '../engine/index.ts';
import { PlimsollError } from '../errors.ts';
import { formatReference, parsePlatform, parseReference, withDefaultTag } from '../oci/index.ts';
import type { ApiClient } from './client.ts';
import { pruneFilters } from './containers.ts';
import { partsOf } from './files.ts';
import type { Mirror } from './mirror.ts';
import { readMessages, transferEvents } from './progress.ts';
import { refuse } from './refuse.ts';
import { registryAuth } from './registry-auth.ts';

type Images = Engine['images'];

/** Images of an engine elsewhere: it pulls and pushes itself, with our logins. */
export function createImages(client: ApiClient, mirror: Mirror, lacks: EngineLink['lacks']): Images {
  const pull = async (request: PullRequest, everyTag: boolean): Promise<PulledImage[]> => {
    const { name, platform, signal, onProgress } = request;
    const reference = everyTag ? parseReference(name) : withDefaultTag(parseReference(name));
    const full = formatReference(reference);
    const [repository, tag] = partsOf(full);
    const answer = await client.stream('POST', '/images/create', {
      query: { fromImage: repository, tag: everyTag ? undefined : tag, platform },
      headers: await registryAuth(full, request),
      signal,
    });
    const tell = transferEvents(full, onProgress);
    const [digests, upToDate]: [string[], boolean[]] = [[], []];
    for await (const message of readMessages(answer as AsyncIterable<Buffer>)) {
      tell(message);
      const [, digest] = /^Digest: (sha256:[0-9a-f]{64})/.exec(message.status ?? '') ?? [];
      if (digest !== undefined) digests.push(digest);
      if (/^Status: Image is up to date/.test(message.status ?? '')) upToDate.push(true);
    }
    await mirror.refreshImages();
    const found = everyTag
      ? mirror
          .images()
          .flatMap(image =>
            image.references
              .filter(each => each.startsWith(`${full}:`))
              .map(each => ({ image, reference: each })),
          )
      : [{ image: mirror.image(full), reference: full }];
    return found.map(({ image, reference: pulled }) => ({
      id: image.id,
      reference: pulled,
      digest: digests.at(-1) ?? image.manifestDigest,
      upToDate: upToDate.length > 0,
      warnings: [],
    }));
  };
  return {
    list: () => mirror.images(),
    inspect: name => mirror.image(name),
    async tag(name, reference) {
      const [repo, tag] = partsOf(formatReference(withDefaultTag(parseReference(reference))));
      await client.json('POST', `/images/${mirror.image(name).id}/tag`, { query: { repo, tag } });
      await mirror.refreshImages();
    },
    attestations: () => refuse(lacks, 'manifests'),
    waste: async () => refuse(lacks, 'waste'),
    async remove(name, { force } = {}) {
      const image = mirror.image(name);
      const isId = !image.references.some(reference => sameName(reference, name));
      const answer = await client.json('DELETE', `/images/${isId ? image.id : name}`, { query: { force } });
      await mirror.refreshImages();
      return removed(answer);
    },
    bootstrap: async () => refuse(lacks, 'bootstrap'),
    async pull(request) {
      const [image] = await pull(request, false);
      if (image === undefined)
        throw new PlimsollError('internal', `"${request.name}" did not come`, { code: 'PULL_FAILED' });
      return image;
    },
    pullAll: request => pull(request, true),
    async push(request) {
      const { name, platform, packing, signal, onProgress } = request;
      if (packing !== undefined)
        throw new PlimsollError('not-implemented', "Docker's API cannot say how layers are packed", {
          code: 'API_VERSION',
          hint: 'take compression away, or push from the machine of the engine',
        });
      const full = formatReference(withDefaultTag(parseReference(name)));
      const [repository, tag] = partsOf(full);
      const headers = await registryAuth(full, request);
      const answer = await client.stream('POST', `/images/${repository}/push`, {
        query: { tag, platform: platform && JSON.stringify(parsePlatform(platform)) },
        headers: { 'X-Registry-Auth': 'e30=', ...headers },
        signal,
      });
      const tell = transferEvents(full, onProgress);
      let [digest, size] = ['', 0];
      for await (const message of readMessages(answer as AsyncIterable<Buffer>)) {
        tell(message);
        if (message.aux?.Digest !== undefined) [digest, size] = [message.aux.Digest, message.aux.Size ?? 0];
        const [, said] = /digest: (sha256:[0-9a-f]{64})/.exec(message.status ?? '') ?? [];
        if (said !== undefined) digest = said;
      }
      return { reference: full, digest, size };
    },
    async prune({ all = false, ...options } = {}) {
      const filters = pruneFilters(options, { dangling: [all ? 'false' : 'true'] });
      const answer = (await client.json('POST', '/images/prune', { query: { filters } })) as {
        ImagesDeleted?: unknown[] | null;
        SpaceReclaimed?: number;
      };
      await mirror.refreshImages();
      return {
        deleted: removed(answer.ImagesDeleted ?? []).deleted,
        reclaimedBytes: answer.SpaceReclaimed ?? 0,
      };
    },
  };
}

function removed(answer: unknown): { untagged: string[]; deleted: string[] } {
  const list = (answer ?? []) as { Untagged?: string; Deleted?: string }[];
  return {
    untagged: list.flatMap(({ Untagged }) => Untagged ?? []),
    deleted: list.flatMap(({ Deleted }) => Deleted ?? []),
  };
}

function sameName(reference: string, name: string): boolean {
  try {
    const wanted = formatReference(withDefaultTag(parseReference(name)));
    return reference === wanted || reference === name;
  } catch {
    return false;
  }
}
