import { randomBytes } from 'node:crypto';
import { PlimsollError } from '../../../errors.ts';
import type { BuildRecord } from '../types.ts';
import type { WorkingContainer } from './types.ts';

/** A working container with what the failed step of a build began with. Throws `conflict` if no step of it failed. */
export function failedWork(
  { id, state, failedStep }: BuildRecord,
  { clock, isTaken }: { clock: () => number; isTaken: (name: string) => boolean },
): WorkingContainer {
  if (failedStep === undefined) {
    const why = state === 'failed' ? 'failed before its first step' : `is ${state}`;
    throw new PlimsollError('conflict', `there is no failed step to look into: the build ${id} ${why}`, {
      code: 'NO_FAILED_STEP',
      hint: 'choose a build that failed at a step',
    });
  }
  const { name, layers, platform, env, cwd, user, command, run } = failedStep;
  const work = randomBytes(6).toString('hex');
  const wanted = `failed-${id.slice(0, 6)}`;
  return {
    id: work,
    name: isTaken(wanted) ? `${wanted}-${work.slice(0, 4)}` : wanted,
    from: name,
    layers,
    platform,
    config: {
      Env: Object.entries(env).map(([key, value]) => `${key}=${value}`),
      WorkingDir: cwd,
      ...(user === '' ? {} : { User: user }),
      ...(command === undefined ? {} : { Cmd: command }),
    },
    history: [],
    created: clock(),
    isMounted: false,
    ...(run === undefined ? {} : { step: run }),
  };
}

/** DiffIDs of all that a working container shows: of its own files, and of the mounts of the step that it is about. */
export function layersOf({ layers, step }: WorkingContainer): readonly string[] {
  const mounted = (step?.mounts ?? []).flatMap(mount =>
    (mount.type === 'bind' || mount.type === 'cache') && mount.from?.kind === 'image'
      ? mount.from.image.layers
      : [],
  );
  return [...layers, ...mounted];
}

export function layersGone(build: string): PlimsollError {
  return new PlimsollError(
    'not-found',
    `what the failed step of the build ${build} began with was freed since`,
    {
      code: 'LAYER_MISSING',
      hint: 'build it again',
    },
  );
}
