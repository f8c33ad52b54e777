import type { FastifyInstance } from 'fastify';
import type { Engine, Network } from '../../engine/index.ts';
import { PlimsollError } from '../../errors.ts';
import { removeEach } from '../../lib/remove-each.ts';
import {
  badRequest,
  JsonFields,
  networkJson,
  parseFilters,
  parseFilterTime,
  toAttachment,
  toNetworkRequest,
} from '../../wire/index.ts';
import { isOwnNetwork, matchesNetwork, networkFilters, passesLabels } from '../../words/index.ts';
import { minorVersionOf } from '../api-version.ts';
import type { NamedParams } from '../container-name.ts';
import { Query } from '../query.ts';

type Parts = Pick<Engine, 'networks' | 'containers'>;

/** Networks, and which containers are on them. */
export function networkRoutes(app: FastifyInstance, { networks, containers }: Parts): void {
  const namer = () => {
    const names = new Map(containers.list({ all: true }).map(({ id, name }) => [id, name]));
    return (id: string) => names.get(id) ?? '';
  };
  app.get('/networks', async request => {
    const filters = parseFilters(new Query(request.query).text('filters'), networkFilters);
    const nameOf = namer();
    return networks
      .list()
      .filter(network => matchesNetwork(network, filters))
      .map(network => networkJson(network, nameOf, minorVersionOf(request.originalUrl)));
  });
  app.get<NamedParams>('/networks/:name', async request =>
    networkJson(find(networks, request.params.name), namer(), minorVersionOf(request.originalUrl)),
  );
  app.post('/networks/create', async (request, reply) => {
    const wanted = toNetworkRequest(request.body, minorVersionOf(request.originalUrl));
    const { id } = await networks.create(wanted);
    return reply.code(201).send({ Id: id, Warning: '' });
  });
  app.post<NamedParams>('/networks/:name/connect', async (request, reply) => {
    const fields = new JsonFields(request.body);
    const { name } = find(networks, request.params.name);
    const [endpoint] =
      fields.entries('EndpointConfig').length > 0
        ? [(request.body as { EndpointConfig: unknown }).EndpointConfig]
        : [{}];
    await containers.connect(containerOf(fields), toAttachment(name, endpoint));
    return reply.code(200).send();
  });
  app.post<NamedParams>('/networks/:name/disconnect', async (request, reply) => {
    const fields = new JsonFields(request.body);
    await containers.disconnect(containerOf(fields), find(networks, request.params.name).name);
    return reply.code(200).send();
  });
  app.delete<NamedParams>('/networks/:name', async (request, reply) => {
    await networks.remove(find(networks, request.params.name).name);
    return reply.code(204).send();
  });
  app.post('/networks/prune', async request => {
    const filters = parseFilters(new Query(request.query).text('filters'), ['until', 'label']);
    const until = (filters.get('until') ?? []).map(text => parseFilterTime(text, Date.now()));
    const unused = networks
      .list()
      .filter(network => isOwnNetwork(network) && Object.keys(network.containers).length === 0)
      .filter(({ labels, created }) => passesLabels(filters, labels) && until.every(time => created < time));
    const wanted = new Set(containers.list({ all: true }).flatMap(({ network }) => network));
    const free = unused.filter(({ name, id }) => !wanted.has(name) && !wanted.has(id));
    const removed = await removeEach(free, ({ name }) => networks.remove(name));
    return { NetworksDeleted: removed.map(({ name }) => name) };
  });
}

/** By name, by id, or by a beginning of an id that only one has. */
function find(networks: Engine['networks'], name: string): Network {
  const all = networks.list();
  const exact = all.find(each => each.name === name || each.id === name);
  const begun = all.filter(({ id }) => id.startsWith(name));
  const found = exact ?? (begun.length === 1 ? begun[0] : undefined);
  if (found !== undefined) return found;
  throw new PlimsollError('not-found', `network ${name} not found`, { code: 'NETWORK_NOT_FOUND' });
}

function containerOf(fields: JsonFields): string {
  const name = fields.words('Container');
  if (name === undefined) throw badRequest('the container is missing', 'give it as Container');
  return name;
}
