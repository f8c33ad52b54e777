import type { BuildRequest } from '../engine/index.ts';
import { defined } from '../lib/defined.ts';
import { badRequest, notServed } from './bad-request.ts';
import { JsonFields } from './json-fields.ts';

/** A query as it is read: the first value of a name, or all of them. */
interface QueryReader {
  text(name: string): string | undefined;
  texts(name: string): string[];
  flag(name: string): boolean;
  integer(name: string): number | undefined;
}

/** What the query of `POST /build` asks for, without the context that the body holds. */
export function toBuildRequest(query: QueryReader): Omit<BuildRequest, 'stream'> {
  if (query.text('version') === '2') {
    throw notServed(
      'BuildKit over a session is not served',
      'build with DOCKER_BUILDKIT=0, or with plimsoll build',
    );
  }
  const network = networkOf(query.text('networkmode'));
  return {
    context: remoteOf(query.text('remote')) ?? '-',
    tags: query.texts('t').filter(tag => tag !== ''),
    noCache: query.flag('nocache'),
    squash: query.flag('squash'),
    pull: query.flag('pull') ? 'always' : 'missing',
    buildArgs: pairs(query.text('buildargs'), 'buildargs'),
    cacheFrom: names(query.text('cachefrom'), 'cachefrom').map(name => ({ type: 'registry' as const, name })),
    labels: pairs(query.text('labels'), 'labels'),
    hosts: query
      .texts('extrahosts')
      .flatMap(hosts => hosts.split(','))
      .filter(host => host !== ''),
    limits: limitsOf(query),
    ulimits: ulimitsOf(query.text('ulimits')),
    ...defined({
      network,
      allow: network === 'host' ? (['network.host'] as const) : undefined,
      dockerfile: query.text('dockerfile'),
      target: query.text('target'),
      platform: query.text('platform'),
      shmBytes: query.integer('shmsize') || undefined,
      cgroupParent: query.text('cgroupparent'),
    }),
  };
}

/** An address; a folder of the machine that the daemon runs on is none of the client's. */
function remoteOf(remote: string | undefined): string | undefined {
  if (remote === undefined || /^((https?|git|ssh):\/\/|git@|github\.com\/)/.test(remote)) return remote;
  throw badRequest(`"${remote}" is no address to build from`, 'give a URL, or send the context as the body');
}

function networkOf(mode: string | undefined): BuildRequest['network'] {
  if (mode === undefined || mode === 'default' || mode === 'bridge') return undefined;
  if (mode === 'host' || mode === 'none') return mode;
  throw notServed(`steps cannot be on the network "${mode}"`, 'use default, host or none');
}

function limitsOf(query: QueryReader): NonNullable<BuildRequest['limits']> {
  const amount = (name: string) => query.integer(name) || undefined;
  return defined({
    memoryBytes: amount('memory'),
    memorySwapBytes: amount('memswap'),
    cpuShares: amount('cpushares'),
    cpuPeriod: amount('cpuperiod'),
    cpuQuota: amount('cpuquota'),
    cpusetCpus: query.text('cpusetcpus'),
    cpusetMems: query.text('cpusetmems'),
  });
}

function pairs(text: string | undefined, name: string): Record<string, string> {
  const given = new JsonFields({ value: parse(text ?? '{}', name) }, name).entries('value');
  // An argument without a value (null) is what the client's surroundings have not: it is left out, as docker does.
  return Object.fromEntries(given.filter((pair): pair is [string, string] => typeof pair[1] === 'string'));
}

function ulimitsOf(text: string | undefined): NonNullable<BuildRequest['ulimits']> {
  const fields = new JsonFields({ value: parse(text ?? '[]', 'ulimits') ?? [] }, 'ulimits');
  return fields.objects('value').map(limit => ({
    name: limit.text('Name') ?? '',
    soft: limit.number('Soft') ?? 0,
    hard: limit.number('Hard') ?? 0,
  }));
}

function names(text: string | undefined, name: string): string[] {
  const given = parse(text ?? '[]', name);
  return Array.isArray(given) ? given.filter(one => typeof one === 'string' && one !== '') : [];
}

function parse(text: string, name: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw badRequest(`${name} is no valid JSON`);
  }
}
