import {
  type DockerfileSource,
  type Instruction,
  parseDockerfile,
  parseInstruction,
} from '../dockerfile/index.ts';
import { fail } from './fail.ts';

export type FromInstruction = Extract<Instruction, { name: 'FROM' }>;
export type ArgInstruction = Extract<Instruction, { name: 'ARG' }>;

/** One stage as written. */
export interface Stage {
  readonly index: number;
  /** Its alias, or `stage-<index>`. */
  readonly name: string;
  readonly from: FromInstruction;
  readonly instructions: readonly Instruction[];
}

export interface StagedDockerfile {
  readonly escape: string;
  /** ARGs before the first FROM. */
  readonly globalArgs: readonly ArgInstruction[];
  readonly stages: readonly Stage[];
}

/** Parses a Dockerfile and parts it into stages. Throws `DockerfileError`. */
export function splitStages(source: DockerfileSource): StagedDockerfile {
  const tree = parseDockerfile(source);
  checkSyntax(source, tree.directives.syntax);
  const globalArgs: ArgInstruction[] = [];
  const stages: (Stage & { instructions: Instruction[] })[] = [];
  for (const node of tree.nodes) {
    const instruction = parseInstruction(source, node);
    const stage = stages.at(-1);
    if (instruction.name === 'FROM') {
      const name = instruction.alias ?? `stage-${stages.length}`;
      stages.push({ index: stages.length, name, from: instruction, instructions: [] });
    } else if (stage !== undefined) stage.instructions.push(instruction);
    else if (instruction.name === 'ARG') globalArgs.push(instruction);
    else {
      fail(source, instruction, `${instruction.name} stands before the first FROM`, {
        hint: 'begin with FROM; only ARG may stand before it',
      });
    }
  }
  if (stages.length === 0) {
    fail(source, tree.nodes[0] ?? { start: 1, end: 1 }, 'the Dockerfile has no FROM', {
      hint: 'begin it with a line such as "FROM busybox"',
    });
  }
  return { escape: tree.directives.escape, globalArgs, stages };
}

/** Another frontend would read the file by other rules: say so instead of guessing. */
function checkSyntax(source: DockerfileSource, syntax: string | undefined): void {
  if (syntax === undefined || /^(docker\.io\/)?docker\/dockerfile(-upstream)?([:@].*)?$/.test(syntax)) return;
  const line = source.text.split('\n').findIndex(text => /^\W*#\s*syntax\s*=/i.test(text)) + 1;
  fail(source, { start: line, end: line }, `the syntax "${syntax}" is not supported`, {
    kind: 'not-implemented',
    code: 'DOCKERFILE_UNSUPPORTED',
    hint: 'plimsoll reads the language of docker/dockerfile itself; take the line away if the file is written in it',
  });
}

/** The stage that a name or number means among the first `before` ones; names are compared without case. */
export function findStage(stages: readonly Stage[], wanted: string, before: number): Stage | undefined {
  const earlier = stages.slice(0, before);
  const named = earlier.findLast(stage => stage.from.alias === wanted.toLowerCase());
  return named ?? (/^\d+$/.test(wanted) ? earlier[Number(wanted)] : undefined);
}
