import { hostname } from 'node:os';
import { posix } from 'node:path';
import { PlimsollError } from '../../errors.ts';
import type { ImageConfig, ImageProcessConfig } from '../../oci/index.ts';
import { resolveHealth } from './health/resolve-health.ts';
import type { Resolved } from './records.ts';
import type { ContainerMount, ContainerSpec } from './types.ts';

/**
 * What a spec and its image's config come to, by docker's rules: an own entrypoint clears the image's command; NAME=value
 * beats the image's; a NAME alone (no value) takes it away; every VOLUME of the image that nothing else is
 * mounted on becomes an anonymous volume (its name is still empty). `inherited`: mounts of other containers, which give
 * way to the spec's. Throws `invalid-argument`.
 */
export function resolveSpec(
  spec: ContainerSpec,
  id: string,
  image: ImageConfig,
  inherited: readonly ContainerMount[] = [],
): Resolved {
  const { config } = image;
  const entrypoint = spec.entrypoint ?? config.Entrypoint ?? [];
  const rest = spec.command ?? (spec.entrypoint === undefined ? (config.Cmd ?? []) : []);
  const command = [...entrypoint, ...rest];
  if (command.length === 0 || command[0] === '') {
    throw invalid('NO_COMMAND', 'the image names no command to run', 'write the command after the image');
  }
  const workdir = spec.workdir ?? (config.WorkingDir || '/');
  if (!workdir.startsWith('/')) {
    throw invalid('WORKDIR_INVALID', `the working directory "${workdir}" is not absolute`, 'begin it with /');
  }
  const health = resolveHealth(spec.health, config);
  return {
    entrypoint,
    command,
    env: mergeEnv(config.Env ?? [], spec.env ?? []),
    workdir: posix.normalize(workdir),
    user: spec.user ?? config.User ?? '',
    hostname: spec.hostname ?? (sharesName(spec) ? hostname() : id.slice(0, 12)),
    mounts: resolveMounts(spec.mounts ?? [], inherited, Object.keys(config.Volumes ?? {})),
    labels: { ...config.Labels, ...spec.labels },
    stopSignal: spec.stopSignal ?? config.StopSignal ?? 'SIGTERM',
    ...(health === undefined ? {} : { health }),
    exposed: exposedPorts(spec, config),
    layers: image.rootfs.diff_ids,
    warnings: [],
  };
}

/** As docker's: who shares the network of this machine has its name, too. */
function sharesName({ network, uts }: ContainerSpec): boolean {
  return network === 'host' || uts === 'host';
}

/** The image's variables with the user's over them, in order; a PATH is always there. */
export function mergeEnv(base: readonly string[], over: readonly string[]): string[] {
  const values = new Map<string, string>();
  values.set('PATH', 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin');
  for (const entry of [...base, ...over]) {
    const name = entry.split('=', 1)[0] ?? '';
    if (name === '' || entry.includes('\0')) {
      throw invalid('ENV_INVALID', `"${entry}" is no environment variable`, 'write NAME=value');
    }
    if (entry.includes('=')) values.set(name, entry);
    else values.delete(name);
  }
  return [...values.values()];
}

function exposedPorts({ ports = [], expose = [] }: ContainerSpec, image: ImageProcessConfig): string[] {
  const published = ports.map(({ containerPort, protocol }) => `${containerPort}/${protocol}`);
  return [...new Set([...Object.keys(image.ExposedPorts ?? {}), ...expose, ...published])];
}

/** The user's mounts, those of other containers where the user has none, then the volumes of the image. */
function resolveMounts(
  wanted: readonly ContainerMount[],
  inherited: readonly ContainerMount[],
  volumes: readonly string[],
): ContainerMount[] {
  const own = wanted.map(mount => ({ ...mount, target: cleanTarget(mount.target) }));
  const ownTargets = own.map(mount => mount.target);
  const twice = ownTargets.find((target, index) => ownTargets.indexOf(target) !== index);
  if (twice !== undefined) {
    throw invalid('MOUNT_INVALID', `two mounts have the same target "${twice}"`, 'leave one out');
  }
  const others = new Map(
    inherited.filter(({ target }) => !ownTargets.includes(target)).map(m => [m.target, m]),
  );
  const mounts = [...own, ...others.values()];
  const targets = mounts.map(mount => mount.target);
  const anonymous = volumes
    .map(cleanTarget)
    .filter(target => !targets.includes(target))
    .map(target => ({ type: 'volume', name: '', target, readOnly: false }) as const);
  // A parent has to be mounted before what lies in it.
  return [...mounts, ...anonymous].sort((a, b) => a.target.length - b.target.length);
}

function cleanTarget(target: string): string {
  const clean = posix.normalize(target).replace(/(.)\/+$/, '$1');
  if (clean.startsWith('/') && clean !== '/') return clean;
  throw invalid(
    'MOUNT_INVALID',
    `"${target}" cannot be mounted on`,
    'the target is an absolute path below /',
  );
}

function invalid(code: string, message: string, hint: string): PlimsollError {
  return new PlimsollError('invalid-argument', message, { code, hint });
}
