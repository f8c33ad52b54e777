import { posix } from 'node:path';
import type { AddInstruction, CopyInstruction, DockerfileSource, Instruction } from '../dockerfile/index.ts';
import { fail } from './fail.ts';
import type { CopyOperation } from './plan.ts';
import type { StageState } from './stage-state.ts';
import type { WordExpander } from './variables.ts';

export interface CopyPlanning {
  readonly state: StageState;
  readonly instruction: Extract<Instruction, { name: 'COPY' | 'ADD' }>;
  readonly expander: WordExpander;
  readonly source: DockerfileSource;
  /** What `--from` names; undefined if its image has to be known first. */
  readonly resolve: (name: string) => CopyOperation['from'] | undefined;
}

/** Plans COPY and ADD. */
export function planCopy(
  planning: CopyPlanning,
): { operation: CopyOperation; createdBy: string; dependsOn: number[] } | undefined {
  const { instruction, expander, source, state, resolve } = planning;
  const from: CopyOperation['from'] | undefined =
    instruction.name === 'COPY' && instruction.from !== undefined
      ? resolve(expander.word(instruction.from))
      : { kind: 'context' };
  if (from === undefined) return undefined;
  const sources = instruction.sources.map(path => expander.word(path));
  const written = expander.word(instruction.destination);
  const destination = absolute(state.config.WorkingDir ?? '/', written);
  const inline = instruction.heredocs.map(({ name, content, expand }) => ({
    name,
    content: expand ? expander.content(content) : content,
  }));
  if (sources.includes('')) {
    fail(source, instruction, `${instruction.name} has an empty source`, {
      hint: 'give its variable a value',
    });
  }
  if (sources.length + inline.length > 1 && !destination.endsWith('/')) {
    fail(source, instruction, `${instruction.name} has several sources, so "${written}" must be a folder`, {
      hint: `write "${written}/"`,
    });
  }
  const chown = instruction.chown === undefined ? undefined : expander.word(instruction.chown);
  const chmod = instruction.chmod === undefined ? undefined : expander.word(instruction.chmod);
  checkChmod(source, instruction, chmod);
  const operation: CopyOperation = {
    kind: 'copy',
    from,
    sources,
    inline,
    destination,
    exclude: instruction.exclude.map(pattern => expander.word(pattern)),
    parents: instruction.name === 'COPY' && instruction.parents,
    unpack: unpackOf(instruction),
    ...(chown === undefined ? {} : { chown }),
    ...(chmod === undefined ? {} : { chmod }),
    ...(instruction.name === 'ADD' && instruction.checksum !== undefined
      ? { checksum: instruction.checksum }
      : {}),
  };
  return {
    operation,
    createdBy: createdBy(instruction, operation, written),
    dependsOn: from.kind === 'stage' ? [from.step] : [],
  };
}

/** A destination that ends with `/`, or is `.`, must be a folder; the rule is docker's. */
function absolute(workdir: string, written: string): string {
  const path = posix.resolve('/', workdir, written);
  const folder = /(^|\/)\.?$/.test(written);
  return folder && path !== '/' ? `${path}/` : path;
}

function checkChmod(source: DockerfileSource, lines: Instruction, chmod: string | undefined): void {
  if (chmod === undefined) return;
  if (/^[0-7]{1,4}$/.test(chmod) || /^[ugoa]*[-+=][rwxXst]*(,[ugoa]*[-+=][rwxXst]*)*$/.test(chmod)) return;
  fail(source, lines, `"--chmod=${chmod}" is no mode`, {
    hint: 'write octal digits such as 755, or u=rwX,go=rX',
  });
}

function unpackOf(instruction: CopyInstruction | AddInstruction): CopyOperation['unpack'] {
  if (instruction.name === 'COPY' || instruction.unpack === false) return 'never';
  return instruction.unpack === true ? 'always' : 'archives';
}

function createdBy(
  instruction: CopyInstruction | AddInstruction,
  { sources, inline, chown, chmod }: CopyOperation,
  written: string,
): string {
  const flags = [
    ...(instruction.name === 'COPY' && instruction.from !== undefined ? [`--from=${instruction.from}`] : []),
    ...(chown === undefined ? [] : [`--chown=${chown}`]),
    ...(chmod === undefined ? [] : [`--chmod=${chmod}`]),
  ];
  return [instruction.name, ...flags, ...sources, ...inline.map(({ name }) => `<<${name}`), written].join(
    ' ',
  );
}
