import type { ContainerSummary, Neighbour } from '../../engine/index.ts';
import type { State } from './state.ts';

/** A container of another engine as a row of the list: what is not known of it is left empty. */
export function neighbourRow({
  id,
  engine,
  name,
  image,
  limits,
  labels,
  network,
  startedAt,
}: Neighbour): ContainerSummary {
  return {
    ...{ id, name: `${engine}/${name}`, imageId: '', imageName: image, command: [], created: startedAt ?? 0 },
    state: { status: 'running', restartCount: 0, ...(startedAt === undefined ? {} : { startedAt }) },
    ...{ ports: [], limits, labels, exposed: [], network, addresses: [], mounts: [] },
  };
}

/** The container of another engine that has this id, which is only looked at here. */
export function neighbourOf(state: State, id: string | undefined): Neighbour | undefined {
  return id === undefined ? undefined : state.neighbours?.get(id)?.neighbour;
}
