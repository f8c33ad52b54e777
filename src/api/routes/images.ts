import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Engine } from '../../engine/index.ts';
import { familiarReference, parseReference } from '../../oci/index.ts';
import {
  badRequest,
  imageHistoryJson,
  imageJson,
  imageSummaryJson,
  parseFilters,
  parseFilterTime,
  transferMessages,
} from '../../wire/index.ts';
import { imageFilters, imageMatcher } from '../../words/index.ts';
import { minorVersionOf } from '../api-version.ts';
import type { NamedParams } from '../container-name.ts';
import { progressReply } from '../progress-reply.ts';
import { Query } from '../query.ts';
import { readOff } from '../read-off.ts';
import { registryAccount } from '../registry-account.ts';
import { requestedPlatform } from '../requested-platform.ts';
import { streamReply } from '../stream-reply.ts';

type Parts = Pick<Engine, 'images' | 'archives' | 'registries'>;

/** Images: listed, looked at, named, removed, fetched, sent, saved, loaded. */
export function imageRoutes(app: FastifyInstance, engine: Parts): void {
  const { images } = engine;
  app.get('/images/json', async request =>
    list(images, new Query(request.query), minorVersionOf(request.originalUrl)),
  );
  app.get<NamedParams>('/images/:name/json', async request =>
    imageJson(images.inspect(request.params.name), minorVersionOf(request.originalUrl)),
  );
  app.get<NamedParams>('/images/:name/history', async request =>
    imageHistoryJson(images.inspect(request.params.name)),
  );
  app.post<NamedParams>('/images/:name/tag', async (request, reply) => {
    const query = new Query(request.query);
    const reference = named(query.text('repo'), query.text('tag'));
    if (reference === undefined) throw badRequest('the new name is missing', 'give it as ?repo=');
    await images.tag(request.params.name, reference);
    return reply.code(201).send();
  });
  app.delete<NamedParams>('/images/:name', async request => {
    const { untagged, deleted } = await images.remove(request.params.name, {
      force: new Query(request.query).flag('force'),
    });
    return [
      ...untagged.map(Untagged => ({ Untagged: familiar(Untagged) })),
      ...deleted.map(Deleted => ({ Deleted })),
    ];
  });
  app.post('/images/prune', async request => {
    const filters = parseFilters(new Query(request.query).text('filters'), ['dangling']);
    const all = filters.get('dangling')?.some(value => ['false', '0'].includes(value)) ?? false;
    const { deleted, reclaimedBytes } = await images.prune({ all });
    return { ImagesDeleted: deleted.map(Deleted => ({ Deleted })), SpaceReclaimed: reclaimedBytes };
  });
  app.get('/images/search', async request => {
    const query = new Query(request.query);
    const limit = query.integer('limit');
    const term = query.text('term');
    if (term === undefined) throw badRequest('the words to search for are missing', 'give them as ?term=');
    const found = await engine.registries.search(term, {
      ...(limit === undefined ? {} : { limit }),
      ...registryAccount(request.headers['x-registry-auth']),
    });
    return found.map(({ name, description, stars, official }) => ({
      name,
      description,
      star_count: stars,
      is_official: official,
      is_automated: false,
    }));
  });
  transferRoutes(app, engine);
  archiveRoutes(app, engine);
}

function transferRoutes(app: FastifyInstance, { images, archives }: Parts): void {
  app.post('/images/create', async (request, reply) => {
    const query = new Query(request.query);
    const platform = query.text('platform');
    const tag = query.text('tag');
    if (query.text('fromSrc') !== undefined) return await importImage(request, reply);
    const name = named(query.text('fromImage'), tag);
    if (name === undefined) throw badRequest('the image to pull is missing', 'give it as ?fromImage=');
    await progressReply(reply, async (emit, signal) => {
      const messages = transferMessages(pulled => ({
        status: `Pulling from ${pulled.split(':')[0]}`,
        id: tag ?? 'latest',
      }));
      const image = await images.pull({
        name,
        signal,
        onProgress: event => messages(event).forEach(emit),
        ...(platform === undefined ? {} : { platform }),
        ...registryAccount(request.headers['x-registry-auth']),
      });
      const shown = familiar(image.reference);
      emit({ status: `Digest: ${image.digest}` });
      emit({
        status: `Status: ${image.upToDate ? 'Image is up to date' : 'Downloaded newer image'} for ${shown}`,
      });
    });
    return reply;
  });
  const importImage = async (request: FastifyRequest, reply: Parameters<typeof progressReply>[0]) => {
    const query = new Query(request.query);
    if (query.text('fromSrc') !== '-')
      throw badRequest('only what the body holds can be imported', 'give ?fromSrc=-');
    await progressReply(reply, async (emit, signal) => {
      const id = await archives.importTar({
        tar: bodyOf(request),
        reference: named(query.text('repo'), query.text('tag')),
        changes: query.texts('changes'),
        message: query.text('message'),
        platform: query.text('platform'),
        signal,
      });
      emit({ status: id });
    });
    return reply;
  };
  app.post<NamedParams>('/images/:name/push', async (request, reply) => {
    const query = new Query(request.query);
    const name = named(request.params.name, query.text('tag')) ?? '';
    const platform = requestedPlatform(query);
    await progressReply(reply, async (emit, signal) => {
      const messages = transferMessages(pushed => ({
        status: `The push refers to repository [${pushed.replace(/:[^:/]*$/, '')}]`,
      }));
      const { digest, size, reference } = await images.push({
        name,
        platform,
        signal,
        onProgress: event => messages(event).forEach(emit),
        ...registryAccount(request.headers['x-registry-auth']),
      });
      const Tag = parseReference(reference).tag ?? 'latest';
      emit({ status: `${Tag}: digest: ${digest} size: ${size}` });
      emit({ progressDetail: {}, aux: { Tag, Digest: digest, Size: size } });
    });
    return reply;
  });
}

function archiveRoutes(app: FastifyInstance, { archives, images }: Parts): void {
  const save = async (names: readonly string[], query: Query, reply: Parameters<typeof streamReply>[0]) => {
    if (names.length === 0) throw badRequest('no image is named', 'give them as ?names=');
    const platform = requestedPlatform(query);
    const tar = await archives.save({ names, ...(platform === undefined ? {} : { platform }) });
    await streamReply(reply, { type: 'application/x-tar' }, () => tar);
    tar.destroy();
  };
  app.get('/images/get', async (request, reply) => {
    const query = new Query(request.query);
    await save(
      query.texts('names').flatMap(names => names.split(',')),
      query,
      reply,
    );
    return reply;
  });
  app.get<NamedParams>('/images/:name/get', async (request, reply) => {
    images.inspect(request.params.name);
    await save([request.params.name], new Query(request.query), reply);
    return reply;
  });
  /** A client that is refused still sends the rest, and breaks at a closed connection before it has read why. */
  const loadAll = async (
    request: FastifyRequest,
    options: Omit<Parameters<typeof archives.load>[0], 'archive'>,
  ) => {
    const body = bodyOf(request);
    const archive = 'iterator' in body ? (body as Readable).iterator({ destroyOnReturn: false }) : body;
    try {
      return await archives.load({ archive, ...options });
    } catch (error) {
      await readOff(request.raw);
      throw error;
    }
  };
  app.post('/images/load', async (request, reply) => {
    const query = new Query(request.query);
    await progressReply(reply, async (emit, signal) => {
      const messages = transferMessages(() => ({ status: 'Loading' }));
      const loaded = await loadAll(request, {
        signal,
        platform: requestedPlatform(query),
        ...(query.flag('quiet') ? {} : { onProgress: event => messages(event).forEach(emit) }),
      });
      for (const { id, references } of loaded) {
        const lines = references.map(reference => `Loaded image: ${familiar(reference)}\n`);
        for (const stream of lines.length > 0 ? lines : [`Loaded image ID: ${id}\n`]) emit({ stream });
      }
    });
    return reply;
  });
}

/** The body of a request as bytes, whatever it says it is. */
export function bodyOf({ body, raw }: FastifyRequest): AsyncIterable<Uint8Array> {
  return typeof body === 'object' && body !== null && 'pipe' in body ? (body as IncomingMessage) : raw;
}

/** `name:tag`, or `name@digest`; undefined without a name. */
function named(name: string | undefined, tag: string | undefined): string | undefined {
  if (name === undefined || tag === undefined) return name;
  return tag.includes(':') ? `${name}@${tag}` : `${name}:${tag}`;
}

function familiar(reference: string): string {
  return familiarReference(parseReference(reference));
}

function list(images: Engine['images'], query: Query, minor: number): object[] {
  const filters = parseFilters(query.text('filters'), imageFilters);
  return images
    .list()
    .filter(imageMatcher({ images }, filters, text => parseFilterTime(text, Date.now())))
    .sort((a, b) => b.created - a.created)
    .map(image => imageSummaryJson(image, minor));
}
