import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { isPlimsollError, throwIfAborted } from '../../errors.ts';
import { joinNetwork, networkOwner } from './joined-network.ts';
import { makeName } from './names.ts';
import type { ContainerRecord } from './records.ts';
import { resolveSpec } from './resolve-spec.ts';
import type { ContainerMount, ContainerSpec } from './types.ts';
import { validateSpec } from './validate-spec.ts';
import { announce, pathsOf, type World } from './world.ts';

/**
 * Checks a spec wholly, and records the container with its folder and volumes. On failure nothing of it is left.
 * Errors: see `ContainerService.create`.
 */
export async function createContainer(
  world: World,
  wanted: ContainerSpec,
  signal?: AbortSignal,
): Promise<ContainerRecord> {
  throwIfAborted(signal, 'creating a container');
  const spec = joinNetwork(world, wanted);
  validateSpec(world, spec);
  const image = world.images.resolve(spec.image);
  const id = randomBytes(32).toString('hex');
  const { driver } = await world.snapshots.storage();
  const resolved = {
    ...resolveSpec(spec, id, image.config, inheritedMounts(world, spec)),
    ...hostnameOf(networkOwner(world, spec)),
    driver,
  };
  const { data } = pathsOf(world.root, id);
  try {
    return world.db.transaction(() => {
      world.images.resolve(image.id); // somebody may have removed it meanwhile
      mkdirSync(data, { recursive: true, mode: 0o711 }); // in here: see `sweepFolders`
      const record: ContainerRecord = {
        id,
        name: spec.name ?? freeName(world),
        imageId: image.id,
        imageName: spec.image,
        created: world.clock(),
        spec,
        state: { status: 'created', restartCount: 0 },
        resolved,
      };
      world.records.insert(record);
      const mounts = resolved.mounts.map(mount => bindVolume(world, id, mount));
      const whole = { ...record, resolved: { ...resolved, mounts } };
      world.records.saveResolved(id, whole.resolved);
      announce(world, whole, 'create');
      return whole;
    });
  } catch (error) {
    rmSync(data, { recursive: true, force: true });
    throw error;
  }
}

/** Docker's rule: who is in the network of another has its host name too, which /etc/hosts there knows. */
function hostnameOf(owner: ContainerRecord | undefined): { readonly hostname?: string } {
  return owner === undefined ? {} : { hostname: owner.resolved.hostname };
}

/** All that other containers have mounted, but their memory: that is theirs. Throws `not-found`. */
function inheritedMounts(world: World, { volumesFrom = [] }: ContainerSpec): ContainerMount[] {
  return volumesFrom.flatMap(({ container, readOnly }) => {
    const { mounts } = world.records.find(container).resolved;
    return mounts.flatMap(mount => {
      if (mount.type === 'tmpfs') return [];
      return [readOnly === undefined ? mount : { ...mount, readOnly }];
    });
  });
}

function freeName(world: World): string {
  for (let attempt = 0; ; attempt++) {
    const name = makeName(attempt);
    if (isFree(world, name)) return name;
  }
}

function isFree(world: World, name: string): boolean {
  try {
    return world.records.find(name).name !== name;
  } catch (error) {
    if (isPlimsollError(error, 'not-found')) return true;
    throw error;
  }
}

function bindVolume(world: World, id: string, mount: ContainerMount): ContainerMount {
  if (mount.type !== 'volume') return mount;
  const { name } = world.volumes.create(mount.name === '' ? {} : { name: mount.name });
  world.volumes.use(name, id);
  return { ...mount, name };
}
