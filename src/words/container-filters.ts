import type { ContainerStatus, ContainerSummary, Engine } from '../engine/index.ts';
import { PlimsollError } from '../errors.ts';
import { type Filters, passes, passesLabels } from './filters.ts';
import { shortId } from './human.ts';
import { passesPort } from './passes-port.ts';

/** What `ps --filter` knows, as docker's. */
export const containerFilters: readonly string[] = [
  'id',
  'name',
  'status',
  'exited',
  'label',
  'ancestor',
  'before',
  'since',
  'network',
  'publish',
  'expose',
  'volume',
  'health',
  'is-task',
];

const statuses: readonly ContainerStatus[] = [
  'created',
  'restarting',
  'running',
  'removing',
  'paused',
  'exited',
  'dead',
];

/** True for containers that pass filters; all that they ask of the engine is asked once. */
export function containerMatcher(
  engine: Pick<Engine, 'containers' | 'images'>,
  filters: Filters,
): (container: ContainerSummary) => boolean {
  const wrong = filters.get('status')?.find(value => !statuses.includes(value as ContainerStatus));
  if (wrong !== undefined) {
    throw new PlimsollError('invalid-argument', `there is no status "${wrong}"`, {
      code: 'BAD_FILTER',
      hint: `there are ${statuses.join(', ')}`,
    });
  }
  const created = (key: string) =>
    (filters.get(key) ?? []).map(name => engine.containers.inspect(name).created);
  const [before, since] = [created('before'), created('since')];
  const names = (filters.get('name') ?? []).map(namePattern);
  const descends = filters.has('ancestor') ? descendance(engine, filters) : () => true;
  return container => {
    const { id, name, state, labels, network, ports, mounts, exposed } = container;
    return (
      passes(filters, 'id', value => id.startsWith(value)) &&
      (names.length === 0 || names.some(matches => matches(name))) &&
      passes(filters, 'status', value => state.status === value) &&
      passes(filters, 'exited', value => state.status === 'exited' && String(state.exitCode) === value) &&
      descends(container) &&
      before.every(time => container.created < time) &&
      since.every(time => container.created > time) &&
      passes(filters, 'network', value => network === value) &&
      passes(filters, 'publish', value =>
        ports.some(({ hostPort, protocol }) => passesPort(value, hostPort, protocol)),
      ) &&
      passes(filters, 'expose', value => exposed.some(port => isPort(value, port))) &&
      passes(filters, 'is-task', value => /^(0|f|false)$/i.test(value)) && // of a swarm: none is
      passes(filters, 'volume', value =>
        mounts.some(mount => mount.target === value || (mount.type === 'volume' && mount.name === value)),
      ) &&
      passes(filters, 'health', value => (state.health?.status ?? 'none') === value) &&
      passesLabels(filters, labels)
    );
  };
}

/** `port` as images expose it: `80/tcp`. */
function isPort(filter: string, port: string): boolean {
  const [number, protocol = 'tcp'] = port.split('/');
  return passesPort(filter, Number(number), protocol);
}

/** As docker's: a regular expression, for a name with or without a slash before it. */
function namePattern(text: string): (name: string) => boolean {
  try {
    const pattern = new RegExp(text);
    return name => pattern.test(name) || pattern.test(`/${name}`);
  } catch {
    return name => name.includes(text);
  }
}

/** Containers of an image, or of one that is built on it. */
function descendance(
  { images }: Pick<Engine, 'images'>,
  filters: Filters,
): (container: ContainerSummary) => boolean {
  const wanted = filters.get('ancestor') ?? [];
  const layersOf = new Map<string, readonly string[] | undefined>();
  const layers = (name: string) => {
    if (!layersOf.has(name)) layersOf.set(name, tryLayers(images, name));
    return layersOf.get(name);
  };
  return ({ imageId, imageName }) =>
    wanted.some(name => {
      if ([imageName, imageId, shortId(imageId)].includes(name)) return true;
      const [own, base] = [layers(imageId), layers(name)];
      return own !== undefined && (base?.every((layer, i) => own[i] === layer) ?? false);
    });
}

function tryLayers(images: Engine['images'], name: string): readonly string[] | undefined {
  try {
    return images.inspect(name).layers.map(({ diffId }) => diffId);
  } catch {
    return undefined; // no image of that name: nothing descends from it
  }
}
