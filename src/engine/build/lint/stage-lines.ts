import { nearMisses } from '../../../lib/near-misses.ts';
import type { Instruction } from '../dockerfile/index.ts';
import { environmentOf, findStage, type Stage, type StagedDockerfile } from '../plan/index.ts';
import { expanded, globalVariables } from './global-variables.ts';
import type { LintRequest } from './request.ts';
import { type Violation, violation } from './rules.ts';

/**
 * UndefinedVar, WorkdirRelativePath, JSONArgsRecommended, MultipleInstructionsDisallowed: rules for which a stage is read
 * from top to bottom, as it would be built.
 */
export function lintStageLines(request: LintRequest, dockerfile: StagedDockerfile): Violation[] {
  const ends = new Map<Stage, StageFacts>();
  const globals = globalVariables(dockerfile, request.platforms, request.buildArgs);
  return dockerfile.stages.flatMap(stage => {
    const base = expanded(stage.from.base, { variables: globals, escape: dockerfile.escape }) ?? '';
    const earlier = findStage(dockerfile.stages, base, stage.index);
    const before = earlier === undefined ? undefined : ends.get(earlier);
    const facts = before === undefined ? factsOfImage(request, base) : inherited(before);
    ends.set(stage, facts);
    return [
      ...stage.instructions.flatMap(instruction => lintOne(instruction, facts, dockerfile.escape)),
      ...repeated(stage),
    ];
  });
}

/** What is known at some line of a stage. */
interface StageFacts {
  /** Variables of the image; undefined if the base image is not known here. */
  readonly env: Map<string, string> | undefined;
  /** Arguments that this stage has declared, or the one that it begins with. */
  readonly args: Map<string, string>;
  workdirSet: boolean;
  shellSet: boolean;
}

function factsOfImage({ bases }: LintRequest, name: string): StageFacts {
  const config = name === 'scratch' ? {} : bases.get(name)?.config.config;
  if (config === undefined) return { env: undefined, args: new Map(), workdirSet: false, shellSet: false };
  const env = environmentOf(config);
  env.set('PATH', env.get('PATH') ?? ''); // every step has one
  return { env, args: new Map(), workdirSet: false, shellSet: config.Shell !== undefined };
}

function inherited(before: StageFacts): StageFacts {
  return { ...before, env: before.env && new Map(before.env), args: new Map(before.args) };
}

function lintOne(instruction: Instruction, facts: StageFacts, escaper: string): Violation[] {
  const found = undefinedVariables(instruction, facts, escaper);
  switch (instruction.name) {
    case 'ARG':
      for (const { name, value = '' } of instruction.arguments) facts.args.set(name, value);
      break;
    case 'ENV':
      for (const { name, value } of instruction.pairs) facts.env?.set(name, value);
      break;
    case 'SHELL':
      facts.shellSet = true;
      break;
    case 'WORKDIR':
      if (!facts.workdirSet && !/^["']?[/$]/.test(instruction.path)) found.push(relative(instruction));
      facts.workdirSet = true;
      break;
    case 'CMD':
    case 'ENTRYPOINT':
      if (instruction.command.form === 'text' && !facts.shellSet) found.push(shellForm(instruction));
      break;
    default:
      break; // nothing of it is remembered
  }
  return found;
}

/** Words of an instruction in which the builder itself puts variables; a RUN leaves that to its shell. */
function wordsOf(instruction: Instruction): readonly string[] {
  switch (instruction.name) {
    case 'ENV':
    case 'LABEL':
      return instruction.pairs.flatMap(({ name, value }) => [name, value]);
    case 'ARG':
      return instruction.arguments.flatMap(({ value = '' }) => value);
    case 'COPY':
    case 'ADD': {
      const { sources, destination, chown = '', chmod = '', exclude } = instruction;
      return [...sources, destination, chown, chmod, ...exclude];
    }
    case 'EXPOSE':
      return instruction.ports;
    case 'VOLUME':
      return instruction.paths;
    case 'USER':
      return [instruction.user];
    case 'WORKDIR':
      return [instruction.path];
    case 'STOPSIGNAL':
      return [instruction.signal];
    case 'RUN':
      return instruction.mounts;
    default:
      return [];
  }
}

function undefinedVariables(
  instruction: Instruction,
  { env, args }: StageFacts,
  escaper: string,
): Violation[] {
  if (env === undefined) return [];
  const variables = new Map([...args, ...env]);
  const unset = new Set<string>();
  for (const word of wordsOf(instruction)) {
    expanded(word, { variables, escape: escaper, onUnset: name => void unset.add(name) });
    // An ARG of a line sees those before it.
    if (instruction.name === 'ARG') for (const { name } of instruction.arguments) variables.set(name, '');
  }
  return [...unset].map(name => {
    const [near] = nearMisses(name, [...variables.keys()], 1);
    return violation('UndefinedVar', instruction, {
      detail: `the variable "${name}" is not defined here`,
      fix:
        near === undefined
          ? `declare it with ARG ${name} or ENV ${name}=VALUE before`
          : `did you mean $${near}?`,
    });
  });
}

function relative(instruction: Extract<Instruction, { name: 'WORKDIR' }>): Violation {
  return violation('WorkdirRelativePath', instruction, {
    detail: `where "${instruction.path}" is depends on the base image`,
    fix: `write an absolute path, as in WORKDIR /${instruction.path}`,
  });
}

function shellForm(instruction: Extract<Instruction, { name: 'CMD' | 'ENTRYPOINT' }>): Violation {
  const { name, command } = instruction;
  const words = command.form === 'text' ? command.text.split(/\s+/) : command.words;
  const plain = words.every(word => /^[\w@%+=:,./-]+$/.test(word));
  return violation('JSONArgsRecommended', instruction, {
    detail: `${name} runs in a shell, which signals reach in place of the program`,
    fix: plain
      ? `write ${name} [${words.map(word => `"${word}"`).join(', ')}]`
      : `write ${name} as a JSON list, or say with SHELL that a shell is meant`,
  });
}

/** Of these, only the last one of a stage counts. */
function repeated({ instructions }: Stage): Violation[] {
  return (['CMD', 'ENTRYPOINT', 'HEALTHCHECK'] as const).flatMap(name => {
    const all = instructions.filter(instruction => instruction.name === name);
    const last = all.at(-1);
    return all.slice(0, -1).map(instruction =>
      violation('MultipleInstructionsDisallowed', instruction, {
        detail: `this ${name} has no effect: the one of line ${last?.start} takes its place`,
        fix: 'take one of the two away',
      }),
    );
  });
}
