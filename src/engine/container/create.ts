import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { isPlimsollError, PlimsollError, throwIfAborted } from '../../errors.ts';
import { resolveCapabilities, validateLimits } from '../runtime/index.ts';
import { assertPrivileged } from '../store/index.ts';
import { attachmentsOf } from './attachments.ts';
import { makeName, validateName } from './names.ts';
import type { ContainerRecord } from './records.ts';
import { resolveSpec } from './resolve-spec.ts';
import type { ContainerMount, ContainerSpec } from './types.ts';
import { announce, pathsOf, type World } from './world.ts';

/**
 * Checks a spec wholly, and records the container with its folder and volumes. On failure nothing of it is left.
 * Errors: see `ContainerService.create`.
 */
export function createContainer(world: World, spec: ContainerSpec, signal?: AbortSignal): ContainerRecord {
  throwIfAborted(signal, 'creating a container');
  assertPrivileged(world.root, 'creating a container');
  validate(world, spec);
  const image = world.images.inspect(spec.image);
  const id = randomBytes(32).toString('hex');
  const resolved = resolveSpec(spec, id, image.config);
  const { data } = pathsOf(world.root, id);
  mkdirSync(data, { recursive: true, mode: 0o711 });
  try {
    return world.db.transaction(() => {
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

function validate(world: World, spec: ContainerSpec): void {
  if (spec.name !== undefined) validateName(spec.name);
  validateLimits(spec.limits ?? {}, availableParallelism());
  resolveCapabilities({ privileged: false, add: spec.capAdd ?? [], drop: spec.capDrop ?? [], bounding: [] });
  validateNetworks(world, spec);
  if (spec.autoRemove && spec.restart !== undefined && spec.restart.name !== 'no') {
    throw new PlimsollError(
      'invalid-argument',
      'a container cannot be both removed and restarted when it ends',
      {
        code: 'REMOVE_AND_RESTART',
        hint: 'leave out --rm or --restart',
      },
    );
  }
  for (const mount of spec.mounts ?? []) {
    if (mount.type !== 'bind' || existsSync(mount.source)) continue;
    throw new PlimsollError('invalid-argument', `the bind source "${mount.source}" does not exist`, {
      code: 'MOUNT_SOURCE_MISSING',
      hint: 'create it first, or name a volume (no slash) instead',
      data: { source: mount.source },
    });
  }
}

function validateNetworks(world: World, spec: ContainerSpec): void {
  const attachments = attachmentsOf(spec);
  for (const { network } of attachments) world.networks.inspect(network);
  const network = spec.network ?? 'bridge';
  if (attachments.length === 0 && (spec.attachments ?? []).length > 0) {
    throw new PlimsollError(
      'invalid-argument',
      `the network "${network}" has no addresses and goes with no other`,
      {
        code: 'NETWORK_ATTACHMENT',
        hint: 'leave out the other networks, addresses and aliases',
      },
    );
  }
  if (attachments.length > 0 || (spec.ports ?? []).length === 0) return;
  throw new PlimsollError('invalid-argument', `ports cannot be published with the network "${network}"`, {
    code: 'PORTS_WITHOUT_NETWORK',
    hint:
      network === 'host' ? "they are the host's own already: leave --publish out" : 'use the bridge network',
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
