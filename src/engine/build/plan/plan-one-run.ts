import type { ImageProcessConfig, Platform } from '../../../oci/index.ts';
import { parseDockerfile, parseInstruction } from '../dockerfile/index.ts';
import { fail } from './fail.ts';
import type { BuildPlatforms, FileSource, PlanRequest, RunOperation } from './plan.ts';
import { planRun } from './plan-run.ts';
import { type StageState, variablesOf } from './stage-state.ts';
import { WordExpander } from './variables.ts';

export interface OneRun extends Pick<PlanRequest, 'network' | 'hosts' | 'secrets' | 'ssh'> {
  readonly args: readonly string[];
  /** Values of `RUN --mount`. */
  readonly mounts: readonly string[];
  readonly privileged: boolean;
  readonly config: ImageProcessConfig;
  readonly platform: Platform;
  readonly platforms: BuildPlatforms;
  /** What the `from` of a mount names. */
  readonly resolve: (name: string) => FileSource;
}

/** A command as if a Dockerfile had it as a RUN. Throws `DockerfileError` for a mount that is wrong. */
export function planOneRun(run: OneRun): RunOperation {
  const { args, mounts, privileged, config, platform, platforms, network, hosts, secrets, ssh, resolve } =
    run;
  const flags = [...mounts.map(mount => `--mount=${mount}`), ...(privileged ? ['--security=insecure'] : [])];
  const source = { file: 'work run', text: ['RUN', ...flags, JSON.stringify(args)].join(' ') };
  const [node] = parseDockerfile(source).nodes;
  const instruction = node && parseInstruction(source, node);
  if (instruction?.name !== 'RUN') throw new TypeError('a RUN was written');
  const state: StageState = { config, platform, args: new Map(), commandSet: false };
  const lines = { start: 1, end: 1 };
  const expander = new WordExpander({ source, lines, escape: '\\', variables: variablesOf(state) });
  const request: PlanRequest = {
    ...{ source, platforms, network, hosts, secrets, ssh },
    buildArgs: {},
    labels: {},
    allow: new Set(['network.host', 'security.insecure']),
    contexts: new Map(),
    noCacheStages: [],
    bases: new Map(),
  };
  const planned = planRun({ state, instruction, expander, source, request, resolve });
  return planned?.operation ?? fail(source, lines, 'its images are not known');
}
