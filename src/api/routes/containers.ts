import type { FastifyInstance } from 'fastify';
import type { Engine } from '../../engine/index.ts';
import {
  badRequest,
  containerJson,
  containerSummaryJson,
  JsonFields,
  parseFilters,
  parseFilterTime,
  sizesOf,
  surroundingsOf,
  toContainerSpec,
  toLimits,
  toRestartPolicy,
} from '../../wire/index.ts';
import { containerFilters, containerMatcher } from '../../words/index.ts';
import { minorVersionOf } from '../api-version.ts';
import { containerName, type NamedParams } from '../container-name.ts';
import { Query } from '../query.ts';
import { createListWriter, type ListWriter } from '../write-container-list.ts';

type Parts = Pick<Engine, 'containers' | 'files' | 'images' | 'networks' | 'volumes'>;

/** Containers as objects: listed, made, looked at, changed, removed. */
export function containerRoutes(app: FastifyInstance, engine: Parts): void {
  const { containers, files } = engine;
  const write = createListWriter();
  app.get('/containers/json', async (request, reply) => {
    const text = await list(engine, new Query(request.query), write);
    return reply.type('application/json').send(text);
  });
  app.post('/containers/create', async (request, reply) => {
    const created = await create(engine, new Query(request.query), request.body);
    return reply.code(201).send(created);
  });
  app.get<NamedParams>('/containers/:name/json', async request => {
    const name = containerName(request);
    const details = containers.inspect(name);
    const sizes = await sizesOf(engine, [details], new Query(request.query).flag('size'));
    const idAliases = minorVersionOf(request.originalUrl) < 45;
    return containerJson(details, { ...surroundingsOf(engine), idAliases, sizes: sizes.get(details.id) });
  });
  app.delete<NamedParams>('/containers/:name', async (request, reply) => {
    const query = new Query(request.query);
    if (query.flag('link')) throw badRequest('links are a legacy of docker: there is none to remove');
    await containers.remove(containerName(request), { force: query.flag('force'), volumes: query.flag('v') });
    return reply.code(204).send();
  });
  app.post<NamedParams>('/containers/:name/rename', async (request, reply) => {
    const name = new Query(request.query).text('name');
    if (name === undefined) throw badRequest('the new name is missing', 'give it as ?name=');
    await containers.rename(containerName(request), name.replace(/^\//, ''));
    return reply.code(204).send();
  });
  app.post<NamedParams>('/containers/:name/update', async request => {
    const fields = new JsonFields(request.body);
    const restart = toRestartPolicy(fields.object('RestartPolicy'));
    const { warnings } = await containers.update(containerName(request), {
      limits: toLimits(fields),
      ...(restart === undefined ? {} : { restart }),
    });
    return { Warnings: warnings };
  });
  app.get<NamedParams>('/containers/:name/changes', async request => {
    const changes = await files.changes(containerName(request));
    return changes.map(({ path, kind }) => ({ Path: path, Kind: kinds[kind] }));
  });
  app.get<NamedParams>('/containers/:name/top', async request => {
    const options = new Query(request.query).text('ps_args') ?? '-ef';
    const { titles, rows } = await containers.ps(containerName(request), options.split(/\s+/));
    return { Titles: titles, Processes: rows };
  });
  app.post('/containers/prune', async request => {
    const filters = parseFilters(new Query(request.query).text('filters'), ['until', 'label', 'label!']);
    const until = filters.get('until')?.[0];
    const pruned = await containers.prune({
      ...(until === undefined ? {} : { until: parseFilterTime(until, Date.now()) }),
      labels: filters.get('label') ?? [],
      withoutLabels: filters.get('label!') ?? [],
    });
    return { ContainersDeleted: pruned.deleted, SpaceReclaimed: pruned.reclaimedBytes };
  });
}

async function list(engine: Parts, query: Query, write: ListWriter): Promise<string> {
  const filters = parseFilters(query.text('filters'), [...containerFilters, 'isolation']);
  const limit = query.integer('limit') ?? 0;
  const all = query.flag('all') || limit > 0 || filters.has('status') || filters.has('exited');
  const matches = containerMatcher(engine, filters);
  const found = engine.containers
    .list({ all })
    .filter(matches)
    .sort((a, b) => b.created - a.created)
    .slice(0, limit > 0 ? limit : undefined);
  const [surroundings, now] = [surroundingsOf(engine), Date.now()];
  if (!query.flag('size')) return write(found, surroundings, now);
  const sizes = await sizesOf(engine, found, true);
  const common = { ...surroundings, now };
  return JSON.stringify(
    found.map(each => containerSummaryJson(each, { ...common, sizes: sizes.get(each.id) })),
  );
}

async function create(engine: Parts, query: Query, body: unknown): Promise<object> {
  if (body === undefined) throw badRequest('config cannot be empty in order to create a container');
  const fields = new JsonFields(body);
  const exposed = fields.object('HostConfig').flag('PublishAllPorts')
    ? exposedPorts(engine.images, fields.words('Image') ?? '')
    : [];
  const name = query.text('name')?.replace(/^\//, '');
  const { id, warnings } = await engine.containers.create(toContainerSpec(body, { name, exposed }));
  return { Id: id, Warnings: warnings };
}

function exposedPorts(images: Parts['images'], image: string): string[] {
  return Object.keys(images.inspect(image).config.config.ExposedPorts ?? {});
}

/** Docker's numbers for what has happened to a path. */
const kinds = { changed: 0, added: 1, deleted: 2 } as const;
