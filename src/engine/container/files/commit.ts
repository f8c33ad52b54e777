import type { ImageConfig, ImageHistory, ImageProcessConfig } from '../../../oci/index.ts';
import { hasCgroups } from '../../kernel/index.ts';
import { holdFrozen } from '../../runtime/index.ts';
import type { ChangedFolder, HeldLayer } from '../../snapshot/index.ts';
import type { ContainerRecord } from '../records.ts';
import { announce, cgroupOf, treeOf, type World, withContainerLock } from '../world.ts';
import type { CommitRequest } from './types.ts';

/** See `ContainerFiles.commit`. Nothing is left of a commit that fails. */
export async function commitContainer(
  world: World,
  { id }: ContainerRecord,
  request: CommitRequest,
): Promise<string> {
  const { signal } = request;
  return await withContainerLock(
    world,
    id,
    async () => {
      const record = world.records.byId(id) ?? world.records.find(id);
      const { config } = world.images.resolve(record.imageId);
      // Before the copying: a mistake in a change is told at once.
      const process = world.applyChanges(processConfigOf(record, config.config), request.changes ?? []);
      using layer = await capture(world, record, request);
      const image = imageConfigOf(world, config, process, { record, request, layer });
      const references = request.reference === undefined ? [] : [request.reference];
      return world.db.transaction(() => {
        const made = world.images.create({ config: image, references, origin: 'create' });
        announce(world, record, 'commit', { imageID: made });
        return made;
      });
    },
    signal === undefined ? {} : { signal },
  );
}

/** What a container has changed of its image's files. */
export function changedFolder(world: World, record: ContainerRecord): ChangedFolder {
  const mountPoints = [...runtimeMountPoints, ...record.resolved.mounts.map(({ target }) => target)];
  return { ...treeOf(world.root, record), mountPoints };
}

/** What every container has mounted: made where the image lacks it. */
const runtimeMountPoints = [
  '/proc',
  '/sys',
  '/dev',
  '/dev/pts',
  '/dev/shm',
  '/dev/mqueue',
  '/dev/console',
  '/sys/fs/cgroup',
  '/etc/hosts',
  '/etc/hostname',
  '/etc/resolv.conf',
];

async function capture(
  world: World,
  record: ContainerRecord,
  { pause = true, signal }: CommitRequest,
): Promise<HeldLayer> {
  const freezes = pause && hasCgroups() && record.state.status === 'running';
  await using _frozen = freezes ? await holdFrozen(cgroupOf(world.root, record)) : undefined;
  return await world.snapshots.capture(changedFolder(world, record), signal === undefined ? {} : { signal });
}

/** How the container runs, as an image says it. */
function processConfigOf({ spec, resolved }: ContainerRecord, base: ImageProcessConfig): ImageProcessConfig {
  const { entrypoint, command, env, user, workdir, labels, stopSignal } = resolved;
  const ports = (spec.ports ?? []).map(({ containerPort, protocol }) => [
    `${containerPort}/${protocol}`,
    {} as Record<string, never>,
  ]);
  const anonymous = (spec.mounts ?? []).filter(mount => mount.type === 'volume' && mount.name === '');
  const exposed = { ...base.ExposedPorts, ...Object.fromEntries(ports) };
  const volumes = { ...base.Volumes, ...Object.fromEntries(anonymous.map(({ target }) => [target, {}])) };
  const { Entrypoint: _, ArgsEscaped: __, ...rest } = base;
  return {
    ...rest,
    Env: env,
    Cmd: command.slice(entrypoint.length),
    ...(entrypoint.length > 0 ? { Entrypoint: entrypoint } : {}),
    User: user,
    WorkingDir: workdir,
    Labels: labels,
    StopSignal: stopSignal,
    ...(Object.keys(exposed).length > 0 ? { ExposedPorts: exposed } : {}),
    ...(Object.keys(volumes).length > 0 ? { Volumes: volumes } : {}),
  };
}

function imageConfigOf(
  world: World,
  base: ImageConfig,
  config: ImageProcessConfig,
  { record, request, layer }: { record: ContainerRecord; request: CommitRequest; layer: HeldLayer },
): ImageConfig {
  const created = new Date(world.clock()).toISOString();
  const { author, message } = request;
  const changed = layer.diffId !== emptyLayer;
  const entry: ImageHistory = {
    created,
    created_by: record.resolved.command.slice(record.resolved.entrypoint.length).join(' '),
    ...(author === undefined ? {} : { author }),
    ...(message === undefined ? {} : { comment: message }),
    ...(changed ? {} : { empty_layer: true }),
  };
  return {
    ...base,
    created,
    ...(author === undefined ? {} : { author }),
    config,
    rootfs: { type: 'layers', diff_ids: [...record.resolved.layers, ...(changed ? [layer.diffId] : [])] },
    history: [...(base.history ?? []), entry],
  };
}

/** The diffID of a tar without files: two blocks of zeros. */
const emptyLayer = 'sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef';
