import type { ContainerRecord, StoredState } from './records.ts';
import type { ContainerDetails, ContainerState, ContainerSummary } from './types.ts';
import { isLive, pathsOf, type World } from './world.ts';

/** What a list shows of a record. */
export function toSummary(world: World, record: ContainerRecord): ContainerSummary {
  const { id, name, imageId, imageName, created, spec, state, resolved } = record;
  return {
    id,
    name,
    imageId,
    imageName,
    command: resolved.command,
    created,
    state: publicState(state),
    ports: state.ports ?? (isLive(state) ? [] : (spec.ports ?? [])),
    limits: spec.limits ?? {},
    labels: resolved.labels,
    network: spec.network ?? 'bridge',
    addresses: state.addresses ?? [],
    mounts: resolved.mounts,
    ...(world.root.rootless ? {} : { cgroupPath: pathsOf(world.root, id).cgroup }),
  };
}

/** Everything that is known of a container. */
export function toDetails(world: World, record: ContainerRecord): ContainerDetails {
  const { spec, resolved } = record;
  return {
    ...toSummary(world, record),
    spec,
    entrypoint: resolved.entrypoint,
    env: resolved.env,
    workdir: resolved.workdir,
    user: resolved.user,
    logPath: pathsOf(world.root, record.id).log,
    warnings: resolved.warnings,
  };
}

function publicState(state: StoredState): ContainerState {
  const { run: _run, addresses: _addresses, ports: _ports, restartAt: _at, backoffMs: _ms, ...shown } = state;
  return shown;
}
