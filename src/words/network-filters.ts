import type { Network } from '../engine/index.ts';
import { type Filters, isTrueFilter, passes, passesLabels } from './filters.ts';

/** What `network ls --filter` knows, as docker's. */
export const networkFilters: readonly string[] = [
  'name',
  'id',
  'driver',
  'type',
  'label',
  'scope',
  'dangling',
];

/** True for a network that passes filters. */
export function matchesNetwork(network: Network, filters: Filters): boolean {
  const { name, id, driver, labels } = network;
  const unused = isOwnNetwork(network) && Object.keys(network.containers).length === 0;
  return (
    passes(filters, 'name', value => name.includes(value)) &&
    passes(filters, 'id', value => id.startsWith(value)) &&
    passes(filters, 'driver', value => (driver === 'none' ? 'null' : driver) === value) &&
    passes(filters, 'type', value => (value === 'custom') === isOwnNetwork(network)) &&
    passes(filters, 'scope', value => value === 'local') &&
    passes(filters, 'dangling', value => isTrueFilter('dangling', value) === unused) &&
    passesLabels(filters, labels)
  );
}

/** One that somebody made; the others are always there. */
export function isOwnNetwork({ name }: Pick<Network, 'name'>): boolean {
  return !['bridge', 'host', 'none'].includes(name);
}
