import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { PlimsollError } from '../../errors.ts';
import {
  findDevices,
  findInit,
  parseDeviceRule,
  resolveCapabilities,
  validateLimits,
  validateSysctls,
} from '../runtime/index.ts';
import { attachmentsOf } from './attachments.ts';
import { hostLine } from './etc-files.ts';
import { validateLinks } from './links.ts';
import { assertLoggable } from './log/log-config.ts';
import { validateName } from './names.ts';
import { validateNamespaces } from './namespaces.ts';
import { parseSignal } from './stop.ts';
import type { ContainerMount, ContainerSpec } from './types.ts';
import type { World } from './world.ts';

/** Checks all of a spec that can be checked before the container runs. Throws what `ContainerService.create` says. */
export function validateSpec(world: World, spec: ContainerSpec): void {
  if (spec.name !== undefined) validateName(spec.name);
  if (spec.stopSignal !== undefined) parseSignal(spec.stopSignal);
  validateLimits(spec.limits ?? {}, availableParallelism());
  resolveCapabilities({ privileged: false, add: spec.capAdd ?? [], drop: spec.capDrop ?? [], bounding: [] });
  validateNetworks(world, spec);
  validateNamespaces(world, spec);
  validateSysctls(spec.sysctls ?? {}, { hostNetwork: spec.network === 'host', hostIpc: spec.ipc === 'host' });
  for (const { source } of spec.devices ?? []) findDevices(source);
  for (const rule of spec.deviceRules ?? []) parseDeviceRule(rule);
  for (const extra of spec.extraHosts ?? []) hostLine(extra, '127.0.0.1');
  for (const mount of spec.mounts ?? []) validateMount(mount);
  assertLoggable(spec.log);
  if (spec.init) findInit();
  validateRest(spec);
}

function validateRest({ autoRemove, restart, cgroupParent, oomScoreAdj }: ContainerSpec): void {
  if (autoRemove && restart !== undefined && restart.name !== 'no') {
    throw invalid(
      'REMOVE_AND_RESTART',
      'a container cannot be both removed and restarted when it ends',
      'leave out --rm or --restart',
    );
  }
  if (cgroupParent?.split('/').includes('..')) {
    throw invalid(
      'CGROUP_INVALID',
      `"${cgroupParent}" is no cgroup`,
      'write a path without .., such as /batch',
    );
  }
  if (oomScoreAdj !== undefined && !(oomScoreAdj >= -1000 && oomScoreAdj <= 1000)) {
    throw invalid(
      'OOM_SCORE_INVALID',
      `an OOM score of ${oomScoreAdj} is out of range`,
      'the range is -1000 to 1000',
    );
  }
}

function validateMount(mount: ContainerMount): void {
  if (mount.type === 'volume' && mount.subpath !== undefined) {
    const wrong = mount.subpath.startsWith('/') || mount.subpath.split('/').includes('..');
    if (wrong)
      throw invalid('MOUNT_INVALID', `"${mount.subpath}" is no folder of a volume`, 'write it as in a/b');
  }
  if (mount.type !== 'bind' || mount.createSource || existsSync(mount.source)) return;
  throw new PlimsollError('invalid-argument', `the bind source "${mount.source}" does not exist`, {
    code: 'MOUNT_SOURCE_MISSING',
    hint: 'create it first, as the user who shall own it, or name a volume (no slash) instead',
    data: { source: mount.source },
  });
}

function validateNetworks(world: World, spec: ContainerSpec): void {
  const attachments = attachmentsOf(spec);
  for (const attachment of attachments) {
    world.networks.inspect(attachment.network);
    validateLinks(attachment);
  }
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

function invalid(code: string, message: string, hint: string): PlimsollError {
  return new PlimsollError('invalid-argument', message, { code, hint });
}
