import { posix } from 'node:path';
import {
  type AddInstruction,
  type CopyInstruction,
  type DockerfileSource,
  type Instruction,
  parseGitSource,
} from '../dockerfile/index.ts';
import { fail } from './fail.ts';
import type { CopyOperation, CopySource, FileSource } from './plan.ts';
import { stepsOf } from './resolve-source.ts';
import type { StageState } from './stage-state.ts';
import type { WordExpander } from './variables.ts';

export interface CopyPlanning {
  readonly state: StageState;
  readonly instruction: Extract<Instruction, { name: 'COPY' | 'ADD' }>;
  readonly expander: WordExpander;
  readonly source: DockerfileSource;
  /** What FROM lines know. */
  readonly globals: ReadonlyMap<string, string>;
  /** What `--from` names; undefined if its image has to be known first. */
  readonly resolve: (name: string) => FileSource | undefined;
}

/** Plans COPY and ADD. */
export function planCopy(
  planning: CopyPlanning,
): { operation: CopyOperation; createdBy: string; dependsOn: number[] } | undefined {
  const { instruction, expander, source, state, resolve } = planning;
  const from: FileSource | undefined =
    instruction.name === 'COPY' && instruction.from !== undefined
      ? resolve(instruction.from)
      : { kind: 'context' };
  if (from === undefined) return undefined;
  const words = instruction.sources.map(path => expander.word(path));
  const written = expander.word(instruction.destination);
  const destination = absolute(state.config.WorkingDir ?? '/', written);
  const inline = instruction.heredocs.map(({ name, content, expand }) => ({
    name,
    content: expand ? expander.content(content) : content,
  }));
  const empty = instruction.sources[words.indexOf('')];
  if (empty !== undefined) {
    const [unset] = expander.unset(empty);
    fail(
      source,
      instruction,
      `${instruction.name} has an empty source${unset ? `: ${unset} has no value here` : ''}`,
      {
        hint: planning.globals.has(unset ?? '')
          ? `what stands before the first FROM counts for FROM alone: write "ARG ${unset}" below this FROM too`
          : 'give its variable a value with ARG or ENV above',
      },
    );
  }
  if (words.length + inline.length > 1 && !destination.endsWith('/')) {
    fail(source, instruction, `${instruction.name} has several sources, so "${written}" must be a folder`, {
      hint: `write "${written}/"`,
    });
  }
  const chown = instruction.chown === undefined ? undefined : expander.word(instruction.chown);
  const chmod = instruction.chmod === undefined ? undefined : expander.word(instruction.chmod);
  checkChmod(source, instruction, chmod);
  const sources = words.map(word => sourceOf(planning, word));
  const checksum =
    instruction.name === 'ADD' && instruction.checksum !== undefined
      ? expander.word(instruction.checksum)
      : undefined;
  if (checksum !== undefined) checkChecksum(planning, sources, checksum);
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
    ...(checksum === undefined ? {} : { checksum }),
    link: instruction.link,
  };
  return {
    operation,
    createdBy: createdBy(instruction, operation, written),
    dependsOn: stepsOf(from),
  };
}

/** What a source is; only ADD takes more than paths. */
function sourceOf({ instruction, source }: CopyPlanning, word: string): CopySource {
  const git = gitSource(source, instruction, word);
  const isUrl = git === undefined && /^https?:\/\//i.test(word);
  if (git === undefined && !isUrl) return { kind: 'path', path: word };
  if (instruction.name === 'COPY') {
    return fail(source, instruction, `COPY cannot take "${word}", which is not a path`, {
      hint: 'use ADD for URLs and git repositories',
    });
  }
  if (git === undefined) return { kind: 'url', url: word };
  const { keepGitDir } = instruction;
  if (keepGitDir !== undefined && git.keepGitDir !== undefined && keepGitDir !== git.keepGitDir) {
    fail(source, instruction, `"--keep-git-dir" and "${word}" say the opposite of each other`, {
      hint: 'take one of the two away',
    });
  }
  const checksum = instruction.checksum;
  if (checksum !== undefined && git.checksum !== undefined && checksum !== git.checksum) {
    fail(source, instruction, `"--checksum=${checksum}" and "${word}" name two commits`, {
      hint: 'take one of the two away',
    });
  }
  return { kind: 'git', written: word, git: keepGitDir === undefined ? git : { ...git, keepGitDir } };
}

function gitSource(source: DockerfileSource, lines: Instruction, word: string) {
  try {
    return parseGitSource(word);
  } catch (error) {
    return fail(source, lines, `cannot take "${word}": ${(error as Error).message}`, {
      hint: 'write it as https://host/repository.git?branch=NAME&subdir=FOLDER',
    });
  }
}

function checkChecksum(
  { instruction, source }: CopyPlanning,
  sources: readonly CopySource[],
  checksum: string,
): void {
  const [first] = sources;
  if (sources.length !== 1 || first === undefined || first.kind === 'path') {
    fail(source, instruction, '"ADD --checksum" is for one URL or git repository');
  }
  const digest = /^sha(256:[0-9a-f]{64}|384:[0-9a-f]{96}|512:[0-9a-f]{128})$/;
  if (first?.kind === 'url' && !digest.test(checksum)) {
    fail(source, instruction, `"ADD --checksum=${checksum}" is no digest`, {
      hint: 'write sha256: and 64 hex digits',
    });
  }
  if (first?.kind === 'git' && !/^[0-9a-f]{7,64}$/.test(checksum)) {
    fail(source, instruction, `"ADD --checksum=${checksum}" is no commit`, {
      hint: 'write the hex digits of the commit',
    });
  }
}

/** A destination that ends with `/`, or is `.`, must be a folder; the rule is docker's. */
function absolute(workdir: string, written: string): string {
  const path = posix.resolve('/', workdir, written);
  const folder = /(^|\/)\.?$/.test(written);
  return folder && path !== '/' ? `${path}/` : path;
}

function checkChmod(source: DockerfileSource, lines: Instruction, chmod: string | undefined): void {
  if (chmod === undefined) return;
  const clause = '[ugoa]*([-+=]([rwxXst]*|[ugo]))+';
  if (/^0*[0-7]{1,4}$/.test(chmod) || new RegExp(`^${clause}(,${clause})*$`).test(chmod)) return;
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
  const said = sources.map(one =>
    one.kind === 'path' ? one.path : one.kind === 'url' ? one.url : one.written,
  );
  const documents = inline.map(({ name }) => `<<${name}`);
  return [instruction.name, ...flags, ...said, ...documents, written].join(' ');
}
