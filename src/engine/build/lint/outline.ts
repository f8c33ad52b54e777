import {
  type DockerfileSource,
  type Instruction,
  parseDockerfile,
  parseMount,
  type RunMount,
  type SyntaxNode,
} from '../dockerfile/index.ts';
import { findStage, type Stage, type StagedDockerfile, splitStages } from '../plan/index.ts';
import type { BuildOutline } from '../types.ts';
import { descriptionOf } from './descriptions.ts';

export interface OutlineRequest {
  readonly source: DockerfileSource;
  /** A stage's name or number; default the last one. */
  readonly target?: string;
  readonly buildArgs: Readonly<Record<string, string>>;
}

/** What a Dockerfile offers: its stages, and what its target can be given. Throws `DockerfileError`. */
export function outlineDockerfile({ source, target, buildArgs }: OutlineRequest): BuildOutline {
  const { nodes } = parseDockerfile(source);
  const dockerfile = splitStages(source);
  const { stages } = dockerfile;
  const wanted =
    (target === undefined ? undefined : findStage(stages, target, stages.length)) ?? stages.at(-1);
  const reached = wanted === undefined ? [] : reachedFrom(wanted, dockerfile);
  const instructions = reached.flatMap(stage => stage.instructions);
  const mounts = instructions.flatMap(mountsOf);
  const needs = (type: 'secret' | 'ssh') =>
    mounts.flatMap(({ mount, line }) =>
      mount.type === type ? [{ id: mount.id, required: mount.required, line }] : [],
    );
  return {
    target: wanted?.name ?? '',
    stages: stages.map(stage => described(nodes, stage)),
    args: [...dockerfile.globalArgs, ...instructions].flatMap(one => argsOf(one, nodes, buildArgs)),
    secrets: needs('secret'),
    ssh: needs('ssh'),
    caches: mounts.flatMap(({ mount, line }) =>
      mount.type === 'cache' ? [{ id: mount.id ?? mount.target, line }] : [],
    ),
  };
}

/** The stages that a stage is made of, in the order of the file. */
function reachedFrom(stage: Stage, { stages }: StagedDockerfile): Stage[] {
  const reached = new Set<Stage>();
  const visit = (one: Stage) => {
    if (reached.has(one)) return;
    reached.add(one);
    const copied = one.instructions.flatMap(instruction => {
      if (instruction.name === 'COPY') return instruction.from ?? [];
      return mountsOf(instruction).flatMap(({ mount }) => ('from' in mount ? (mount.from ?? []) : []));
    });
    for (const name of [one.from.base, ...copied]) {
      const earlier = findStage(stages, name, one.index);
      if (earlier !== undefined) visit(earlier);
    }
  };
  visit(stage);
  return stages.filter(one => reached.has(one));
}

function described(nodes: readonly SyntaxNode[], { from, index }: Stage): BuildOutline['stages'][number] {
  const node = nodes.find(one => one.keyword === 'from' && one.start === from.start);
  const { alias } = from;
  const description = node === undefined || alias === undefined ? undefined : descriptionOf(node, alias);
  return {
    name: alias ?? String(index),
    isNamed: alias !== undefined,
    base: from.base,
    line: from.start,
    ...(description === undefined ? {} : { description }),
  };
}

function argsOf(
  instruction: Instruction,
  nodes: readonly SyntaxNode[],
  buildArgs: Readonly<Record<string, string>>,
): BuildOutline['args'] {
  if (instruction.name !== 'ARG') return [];
  const node = nodes.find(one => one.keyword === 'arg' && one.start === instruction.start);
  return instruction.arguments.map(({ name, value: fallback }) => {
    const value = Object.hasOwn(buildArgs, name) ? buildArgs[name] : fallback;
    const description = node === undefined ? undefined : descriptionOf(node, name);
    return {
      name,
      line: instruction.start,
      ...(value === undefined ? {} : { value }),
      ...(description === undefined ? {} : { description }),
    };
  });
}

/** Mounts of a RUN, with their variables as written; one that makes no sense is the build's to refuse. */
function mountsOf(instruction: Instruction): { mount: RunMount; line: number }[] {
  if (instruction.name !== 'RUN') return [];
  return instruction.mounts.flatMap(text => {
    try {
      const refuse = (sentence: string): never => {
        throw new RangeError(sentence);
      };
      return { mount: parseMount(text, word => word, refuse), line: instruction.start };
    } catch (error) {
      if (error instanceof RangeError) return [];
      throw error;
    }
  });
}
