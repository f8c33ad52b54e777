import type { StepInputs } from '../cache/index.ts';
import type { MountOperation, RunOperation } from '../plan/index.ts';
import type { StepContent, StepFiles } from './step-files.ts';
import type { StepState } from './step-state.ts';

/**
 * All that decides the layer of a RUN: of mounts their form, and the content of those that bring files. Secrets count by
 * their id, agents and kept folders too: what they hold may change, and the step's layer does not follow from it.
 */
export async function runInputs(
  parent: StepState,
  operation: RunOperation,
  files: StepFiles,
): Promise<StepInputs> {
  const { args, env, buildArgs, cwd, user, network, script, mounts, privileged, hosts } = operation;
  return {
    base: parent.base,
    parents: parent.layers,
    instruction: JSON.stringify(['RUN', ...args, ...(script === undefined ? [] : [script])]),
    settings: {
      ...{ WORKDIR: cwd, USER: user, network },
      ...(privileged ? { '--security': 'insecure' } : {}),
      ...(hosts.length === 0 ? {} : { '--add-host': hosts.join(' ') }),
      ...(mounts.length === 0 ? {} : { '--mount': JSON.stringify(mounts.map(formOf)) }),
    },
    env,
    args: buildArgs,
    ...(await contentOf(mounts, files)),
  };
}

function formOf(mount: MountOperation): unknown {
  if (mount.type !== 'bind' && mount.type !== 'cache') return mount;
  const { from: _, ...form } = mount;
  return form;
}

async function contentOf(mounts: readonly MountOperation[], files: StepFiles): Promise<StepContent> {
  const contents: StepContent[] = [];
  for (const mount of mounts) {
    if (mount.type !== 'bind') continue;
    const { from, source } = mount;
    const ownersCount = files.layersOf(from) !== undefined;
    contents.push(await files.digest({ from, sources: [source], exclude: [], parents: false, ownersCount }));
  }
  if (contents.length === 0) return {};
  return {
    content: JSON.stringify(contents.map(({ content }) => content)),
    files: Object.assign({}, ...contents.map(({ files: each = {} }) => each)) as Record<string, string>,
  };
}
