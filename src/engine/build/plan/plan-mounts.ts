import { posix } from 'node:path';
import { parseMount, type RunMount } from '../dockerfile/index.ts';
import { fail } from './fail.ts';
import type { MountOperation } from './plan.ts';
import type { RunPlanning } from './planning.ts';
import { givenArg } from './variables.ts';

/**
 * The mounts of a RUN, with targets made absolute and sources resolved; undefined if an image has to be known first.
 * A secret or agent that is required and not there is an error of the line.
 */
export function planMounts(planning: RunPlanning): MountOperation[] | undefined {
  const { instruction, expander, source } = planning;
  const mounts: MountOperation[] = [];
  let agents = 0;
  for (const text of instruction.mounts) {
    const mount = parseMount(
      text,
      word => expander.word(word),
      (sentence, options) => fail(source, instruction, sentence, options),
    );
    const socket = mount.type === 'ssh' ? `/run/buildkit/ssh_agent.${agents++}` : '';
    const planned = planMount(planning, mount, socket);
    if (planned === undefined) return undefined;
    mounts.push(planned);
  }
  return mounts;
}

function planMount(planning: RunPlanning, mount: RunMount, socket: string): MountOperation | undefined {
  const absolute = (target: string) => targetOf(planning, target);
  switch (mount.type) {
    case 'bind': {
      const from = mount.from === undefined ? ({ kind: 'context' } as const) : planning.resolve(mount.from);
      return from && { ...mount, from, target: absolute(mount.target) };
    }
    case 'cache': {
      const { from: name, ...rest } = mount;
      const from = name === undefined ? undefined : planning.resolve(name);
      if (name !== undefined && from === undefined) return undefined;
      const target = absolute(mount.target);
      const id = namespaced(planning, mount.id || target);
      return { ...rest, target, id, ...(from === undefined ? {} : { from }) };
    }
    case 'tmpfs':
      return { ...mount, target: absolute(mount.target) };
    case 'secret':
      requireGiven(planning, mount, planning.request.secrets, 'secret');
      return mount.target === undefined ? mount : { ...mount, target: absolute(mount.target) };
    case 'ssh':
      requireGiven(planning, mount, planning.request.ssh, 'ssh');
      return { ...mount, target: absolute(mount.target ?? socket) };
  }
}

function targetOf({ state, source, instruction }: RunPlanning, target: string): string {
  const path = posix.resolve('/', state.config.WorkingDir ?? '/', target);
  if (path !== '/') return path;
  return fail(source, instruction, 'a mount cannot cover the root folder of the step', {
    hint: 'give it a target such as /src, or set WORKDIR first',
  });
}

function namespaced({ request }: RunPlanning, id: string): string {
  const space = givenArg(request.buildArgs, 'BUILDKIT_CACHE_MOUNT_NS');
  return space === undefined || space === '' ? id : `${space}/${id}`;
}

function requireGiven(
  { source, instruction }: RunPlanning,
  mount: { readonly id: string; readonly required: boolean },
  given: ReadonlySet<string>,
  kind: 'secret' | 'ssh',
): void {
  if (!mount.required || given.has(mount.id)) return;
  const what = kind === 'secret' ? `the secret "${mount.id}"` : `the ssh agent "${mount.id}"`;
  const flag = kind === 'secret' ? `--secret id=${mount.id},src=FILE` : `--ssh ${mount.id}`;
  fail(source, instruction, `${what} is required and was not given`, {
    kind: 'not-found',
    code: kind === 'secret' ? 'SECRET_MISSING' : 'SSH_AGENT_MISSING',
    hint: `give it with ${flag}`,
  });
}
