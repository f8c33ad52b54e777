import type { ContainerSummary, StatsFrame } from '../engine/index.ts';

/** What load and advice have to know of a container, whosever it is. */
export type MeasuredContainer = Pick<ContainerSummary, 'id' | 'name' | 'limits' | 'labels'> &
  Partial<Pick<ContainerSummary, 'state'>>;

/** Our own containers, and those of other engines that are in the frame: `docker/web`. */
export function measuredContainers(
  own: readonly MeasuredContainer[],
  { neighbours }: StatsFrame,
): readonly MeasuredContainer[] {
  if (neighbours === undefined) return own;
  const beside = [...neighbours.values()].map(({ id, neighbour: { engine, name, limits, labels } }) => ({
    ...{ id, name: `${engine}/${name}`, limits, labels },
  }));
  return [...own, ...beside];
}

/** What its own engine calls a container. */
export function nameThere({
  name,
  elsewhere,
}: {
  readonly name: string;
  readonly elsewhere?: { readonly engine: string };
}): string {
  return elsewhere === undefined ? name : name.slice(elsewhere.engine.length + 1);
}
