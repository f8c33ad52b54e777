import { hasCgroups } from '../kernel/index.ts';
import { readHealth, readHealthLog } from './health/read-health.ts';
import type { ContainerRecord, StoredState } from './records.ts';
import type { ContainerDetails, ContainerState, ContainerSummary } from './types.ts';
import { cgroupOf, isLive, pathsOf, type World } from './world.ts';

/** What a list shows of a record; the same object for the same record, unless files tell of its health. */
export function toSummary(world: World, record: ContainerRecord): ContainerSummary {
  if (record.resolved.health !== undefined) return summarize(world, record);
  const known = summaries.get(record) ?? summarize(world, record);
  summaries.set(record, known);
  return known;
}

const summaries = new WeakMap<ContainerRecord, ContainerSummary>();

function summarize(world: World, record: ContainerRecord): ContainerSummary {
  const { id, name, imageId, imageName, created, spec, state, resolved } = record;
  return {
    id,
    name,
    imageId,
    imageName,
    command: resolved.command,
    created,
    state: { ...publicState(state), ...healthOf(world, record) },
    ports: state.ports ?? (isLive(state) ? [] : (spec.ports ?? [])),
    limits: spec.limits ?? {},
    labels: resolved.labels,
    exposed: resolved.exposed ?? [],
    network: spec.network ?? 'bridge',
    addresses: state.addresses ?? [],
    mounts: resolved.mounts,
    ...(hasCgroups() ? { cgroupPath: cgroupOf(world.root, record) } : {}),
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
    state: detailedState(world, record),
    driver: resolved.driver ?? 'overlay',
    logPath: pathsOf(world.root, record.id).log,
    ...(resolved.health === undefined ? {} : { healthCheck: resolved.health }),
    warnings: resolved.warnings,
    execs: world.execs.unended(record.id).map(({ id }) => id),
  };
}

/** While it runs its keeper's files tell; afterwards what was kept of them. */
function healthOf(world: World, { id, state, resolved }: ContainerRecord): Pick<ContainerState, 'health'> {
  if (resolved.health === undefined) return {};
  if (isLive(state))
    return { health: readHealth(pathsOf(world.root, id), { isKept: world.keeper.isAlive() }) };
  if (state.health === undefined) return {};
  const { log: _, ...health } = state.health;
  return { health };
}

function detailedState(world: World, record: ContainerRecord): ContainerState {
  const { id, state, resolved } = record;
  const { health } = healthOf(world, record);
  if (health === undefined || resolved.health === undefined) return publicState(state);
  const log = isLive(state)
    ? readHealthLog(pathsOf(world.root, id), resolved.health, world.clock())
    : (state.health?.log ?? []);
  return { ...publicState(state), health: { ...health, log } };
}

function publicState(state: StoredState): ContainerState {
  const { run: _run, addresses: _addresses, ports: _ports, restartAt: _at, backoffMs: _ms, ...more } = state;
  const { restartWanted: _wanted, health: _health, ...shown } = more;
  return shown;
}
