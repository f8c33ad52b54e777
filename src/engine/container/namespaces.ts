import { mkdirSync } from 'node:fs';
import { PlimsollError } from '../../errors.ts';
import { isAlive, runOrThrow } from '../kernel/index.ts';
import type { NamespaceMode, ProcessRequest } from '../runtime/index.ts';
import type { ContainerRecord } from './records.ts';
import type { ContainerSpec } from './types.ts';
import { isLive, pathsOf, type World } from './world.ts';

type Kind = 'pid' | 'ipc' | 'uts' | 'cgroup' | 'net';

/** The namespaces of a container that is about to start; those of another one need that to run. */
export function namespacesFor(
  world: World,
  { spec }: ContainerRecord,
): NonNullable<ProcessRequest['namespaces']> {
  const chosen: Partial<Record<Exclude<Kind, 'net'>, NamespaceMode>> = {};
  for (const kind of ['pid', 'ipc', 'uts', 'cgroup'] as const) {
    const mode = modeOf(world, kind, spec[kind === 'cgroup' ? 'cgroupns' : kind]);
    if (mode !== undefined) chosen[kind] = mode;
  }
  return chosen;
}

/**
 * What is at /dev/shm if it is no memory of its own: the host's, another container's, nothing, or memory that others
 * may share, which is mounted here for it.
 */
export async function shmFor(world: World, { id, spec }: ContainerRecord): Promise<ProcessRequest['shm']> {
  const { ipc = 'private' } = spec;
  if (ipc === 'none') return 'none';
  if (ipc === 'host') return { path: '/dev/shm' };
  const other = containerIn(ipc);
  if (other !== undefined) {
    const owner = world.records.find(other);
    return owner.spec.ipc === 'host' ? { path: '/dev/shm' } : { path: pathsOf(world.root, owner.id).shm };
  }
  if (ipc !== 'shareable') return undefined;
  const { shm } = pathsOf(world.root, id);
  mkdirSync(shm, { mode: 0o700 });
  const options = `nosuid,noexec,nodev,mode=1777,size=${spec.shmBytes ?? 64 * 1024 * 1024}`;
  await runOrThrow('mount', ['-t', 'tmpfs', '-o', options, 'shm', shm]);
  return { path: shm };
}

/** Checks the modes of a spec as far as can be told before it starts. Throws `invalid-argument`, `not-found`. */
export function validateNamespaces(world: World, spec: ContainerSpec): void {
  for (const [option, value] of Object.entries({
    pid: spec.pid,
    ipc: spec.ipc,
    uts: spec.uts,
    cgroupns: spec.cgroupns,
  })) {
    const other = containerIn(value ?? '');
    if (other !== undefined) world.records.find(other);
    else if (!allowed(option).includes(value ?? 'private')) throw unknownMode(option, value ?? '');
  }
  if (![undefined, '', 'host'].includes(spec.userns)) {
    throw new PlimsollError('not-implemented', `--userns "${spec.userns}" is not supported`, {
      code: 'USERNS_UNSUPPORTED',
      hint: 'leave it out: there are no user namespaces per container; --user runs it as an ordinary user',
    });
  }
  if (spec.uts !== undefined && spec.uts !== 'private' && (spec.hostname ?? spec.domainname) !== undefined) {
    throw new PlimsollError('invalid-argument', 'a host name needs a namespace of its own for it', {
      code: 'NAMESPACE_INVALID',
      hint: 'leave out --hostname and --domainname, or --uts',
    });
  }
}

function modeOf(world: World, kind: Kind, value: string | undefined): NamespaceMode | undefined {
  if (value === undefined || value === '') return undefined;
  const other = containerIn(value);
  if (other !== undefined) return { path: namespaceOf(world, kind, other) };
  return value === 'host' ? 'host' : 'private';
}

/** The namespace of a container, as a path. Throws `conflict` if it does not run or does not share it. */
export function namespaceOf(world: World, kind: Kind, wanted: string): string {
  const { state, spec, name } = world.records.find(wanted);
  if (!isLive(state) || state.process === undefined || !isAlive(state.process)) {
    throw new PlimsollError(
      'conflict',
      `the container "${name}" does not run: its namespace cannot be joined`,
      {
        code: 'CONTAINER_STATE',
        hint: `start it first: 'plimsoll start ${name}'`,
        data: { container: name },
      },
    );
  }
  if (kind === 'ipc' && !['shareable', 'host'].includes(spec.ipc ?? 'private')) {
    throw new PlimsollError('conflict', `the container "${name}" does not share its memory`, {
      code: 'IPC_PRIVATE',
      hint: 'create it with --ipc shareable',
      data: { container: name },
    });
  }
  return `/proc/${state.process.pid}/ns/${kind}`;
}

/** The name in `container:NAME`. */
export function containerIn(value: string): string | undefined {
  return value.startsWith('container:') ? value.slice('container:'.length) : undefined;
}

function allowed(option: string): string[] {
  return option === 'ipc' ? ['private', 'host', 'shareable', 'none', ''] : ['private', 'host', ''];
}

function unknownMode(option: string, value: string): PlimsollError {
  return new PlimsollError('invalid-argument', `"${value}" is nothing that --${option} can be`, {
    code: 'NAMESPACE_INVALID',
    hint: `use ${allowed(option).filter(Boolean).join(', ')} or container:NAME`,
  });
}
