import type { Volume } from '../engine/index.ts';
import { type Filters, isTrueFilter, passes, passesLabels } from './filters.ts';

/** What `volume ls --filter` knows, as docker's. */
export const volumeFilters: readonly string[] = ['dangling', 'name', 'label', 'driver'];

/** True for a volume that passes filters. */
export function matchesVolume({ name, labels, containers }: Volume, filters: Filters): boolean {
  return (
    passes(filters, 'name', value => name.includes(value)) &&
    passes(filters, 'driver', value => value === 'local') &&
    passes(filters, 'dangling', value => isTrueFilter('dangling', value) === (containers.length === 0)) &&
    passesLabels(filters, labels)
  );
}
