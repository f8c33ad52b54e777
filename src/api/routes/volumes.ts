import type { FastifyInstance } from 'fastify';
import type { Engine } from '../../engine/index.ts';
import { isPlimsollError, PlimsollError } from '../../errors.ts';
import { removeEach } from '../../lib/remove-each.ts';
import { JsonFields, notServed, parseFilters, volumeJson } from '../../wire/index.ts';
import { type Filters, isTrueFilter, matchesVolume, passesLabels, volumeFilters } from '../../words/index.ts';
import { minorVersionOf } from '../api-version.ts';
import type { NamedParams } from '../container-name.ts';
import { Query } from '../query.ts';

type Parts = Pick<Engine, 'volumes'>;

/** Volumes. */
export function volumeRoutes(app: FastifyInstance, { volumes }: Parts): void {
  app.get('/volumes', async request => {
    const filters = parseFilters(new Query(request.query).text('filters'), volumeFilters);
    return {
      Volumes: volumes
        .list()
        .filter(volume => matchesVolume(volume, filters))
        .map(volumeJson),
      Warnings: [],
    };
  });
  app.post('/volumes/create', async (request, reply) => {
    const fields = new JsonFields(request.body ?? {});
    const [name, labels] = [fields.words('Name'), fields.pairs('Labels')];
    const driver = fields.words('Driver') ?? 'local';
    if (driver !== 'local') throw notServed(`there is no volume driver "${driver}"`, 'use local');
    const options = fields.pairs('DriverOpts');
    const made = await volumes.create({
      ...(name === undefined ? {} : { name }),
      ...(labels === undefined ? {} : { labels }),
      ...(options === undefined ? {} : { options }),
    });
    return reply.code(201).send(volumeJson(made));
  });
  app.get<NamedParams>('/volumes/:name', async request => volumeJson(volumes.inspect(request.params.name)));
  app.put<NamedParams>('/volumes/:name', async () => {
    throw new PlimsollError(
      'unavailable',
      'volumes of a cluster alone can be changed, and this is no node of a swarm',
      {
        code: 'NO_SWARM',
      },
    );
  });
  app.delete<NamedParams>('/volumes/:name', async (request, reply) => {
    const force = new Query(request.query).flag('force');
    await volumes.remove(request.params.name).catch((error: unknown) => {
      if (!force || !isPlimsollError(error, 'not-found')) throw error;
    });
    return reply.code(204).send();
  });
  app.post('/volumes/prune', async request => {
    const filters = parseFilters(new Query(request.query).text('filters'), ['label', 'label!', 'all']);
    const without = new Map([['label', filters.get('label!') ?? []]]);
    // Since 1.42 only anonymous ones, unless all are asked for.
    const all = minorVersionOf(request.originalUrl) < 42 || passesAll(filters);
    const free = volumes
      .list()
      .filter(({ containers, anonymous }) => containers.length === 0 && (all || anonymous))
      .filter(({ labels }) => passesLabels(filters, labels))
      .filter(({ labels }) => without.get('label')?.length === 0 || !passesLabels(without, labels));
    const names = free.map(({ name }) => name);
    const sizes = await volumes.sizes(names);
    const removed = await removeEach(names, name => volumes.remove(name));
    return {
      VolumesDeleted: removed,
      SpaceReclaimed: removed.reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0),
    };
  });
}

function passesAll(filters: Filters): boolean {
  const value = filters.get('all')?.[0];
  return value !== undefined && isTrueFilter('all', value);
}
