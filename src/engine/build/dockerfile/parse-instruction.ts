import { DockerfileError, type DockerfileSource } from './dockerfile-error.ts';
import { type Fail, Flags } from './flags.ts';
import type { Instruction, InstructionName } from './instruction.ts';
import { parseAdd, parseCopy } from './parse-copy.ts';
import { parseHealthcheck } from './parse-healthcheck.ts';
import { commandIn, parseRun } from './parse-run.ts';
import type { Arguments, CommandForm, SyntaxNode } from './syntax-tree.ts';

/**
 * Understands one node: checks its flags and the number of its arguments. Throws `DockerfileError`, of kind
 * `not-implemented` for what the language has and plimsoll does not do yet.
 */
export function parseInstruction(source: DockerfileSource, node: SyntaxNode): Instruction {
  const fail: Fail = (sentence, options = {}) => {
    throw new DockerfileError(source, node, sentence, {
      ...options,
      ...(options.kind === 'not-implemented' ? { code: 'DOCKERFILE_UNSUPPORTED' } : {}),
    });
  };
  const parser = parsers[node.keyword.toUpperCase() as InstructionName];
  return { ...parser(node, fail, source), text: node.text, start: node.start, end: node.end };
}

/** An instruction without its place. */
type Unlocated = Instruction extends infer T
  ? T extends Instruction
    ? Omit<T, 'text' | 'start' | 'end'>
    : never
  : never;
type Parser = (node: SyntaxNode, fail: Fail, source: DockerfileSource) => Unlocated;

const parsers: Readonly<Record<InstructionName, Parser>> = {
  FROM: parseFrom,
  RUN: (node, fail) => parseRun(node, fail),
  COPY: (node, fail) => parseCopy(node, fail),
  ADD: (node, fail) => parseAdd(node, fail),
  HEALTHCHECK: (node, fail) => parseHealthcheck(node, fail),
  ARG: (node, fail) => {
    new Flags(node, {}, fail);
    const words = wordsOf(node.arguments);
    if (words.length === 0) fail('ARG needs a name', { hint: 'write ARG NAME or ARG NAME=DEFAULT' });
    return { name: 'ARG', arguments: words.map(word => parseArgument(word, fail)) };
  },
  ENV: (node, fail) => ({ name: 'ENV', pairs: parsePairs(node, fail) }),
  LABEL: (node, fail) => ({ name: 'LABEL', pairs: parsePairs(node, fail) }),
  CMD: (node, fail) => ({ name: 'CMD', command: commandOf(node, fail) }),
  ENTRYPOINT: (node, fail) => ({ name: 'ENTRYPOINT', command: commandOf(node, fail) }),
  SHELL: (node, fail) => {
    const command = commandOf(node, fail);
    if (command.form === 'json' && command.words.length > 0) return { name: 'SHELL', words: command.words };
    return fail('SHELL needs a JSON list', { hint: 'write it like SHELL ["/bin/sh", "-c"]' });
  },
  EXPOSE: (node, fail) => ({ name: 'EXPOSE', ports: someWords(node, fail, 'a port') }),
  VOLUME: (node, fail) => {
    const paths = someWords(node, fail, 'a path');
    if (paths.includes('')) fail('VOLUME has an empty path');
    return { name: 'VOLUME', paths };
  },
  USER: (node, fail) => ({ name: 'USER', user: oneText(node, fail, 'a user') }),
  WORKDIR: (node, fail) => ({ name: 'WORKDIR', path: oneText(node, fail, 'a path') }),
  STOPSIGNAL: (node, fail) => ({ name: 'STOPSIGNAL', signal: oneText(node, fail, 'a signal') }),
  MAINTAINER: (node, fail) => ({ name: 'MAINTAINER', author: oneText(node, fail, 'a name') }),
  ONBUILD: (node, fail, source) => {
    new Flags(node, {}, fail);
    if (node.arguments.form !== 'nested') return fail('ONBUILD needs an instruction');
    const inner = node.arguments.node;
    if (['onbuild', 'from', 'maintainer'].includes(inner.keyword)) {
      fail(`ONBUILD ${inner.keyword.toUpperCase()} is not allowed`, {
        hint: 'any instruction but ONBUILD, FROM and MAINTAINER may follow ONBUILD',
      });
    }
    parseInstruction(source, inner);
    const documents = inner.heredocs.map(({ name, content }) => `\n${content}${name}`);
    return { name: 'ONBUILD', trigger: [node.text.replace(/^\S+\s+/, ''), ...documents].join('') };
  },
};

function parseFrom(node: SyntaxNode, fail: Fail): Unlocated {
  const flags = new Flags(node, { platform: 'value' }, fail);
  const [base = '', as, alias, ...more] = wordsOf(node.arguments);
  if (base === '') fail('FROM needs an image', { hint: 'write FROM IMAGE or FROM IMAGE AS NAME' });
  if (as !== undefined && (as.toLowerCase() !== 'as' || alias === undefined || more.length > 0)) {
    fail(`FROM has "${[as, alias, ...more].join(' ').trim()}" after the image`, {
      hint: 'write FROM IMAGE or FROM IMAGE AS NAME',
    });
  }
  if (alias !== undefined && !/^[a-z][a-z0-9_.-]*$/i.test(alias)) {
    fail(`"${alias}" cannot be the name of a stage`, {
      hint: 'use a letter first, then letters, digits, "_", "." and "-"',
    });
  }
  const platform = flags.value('platform');
  return {
    name: 'FROM',
    base,
    ...(alias === undefined ? {} : { alias: alias.toLowerCase() }),
    ...(platform === undefined ? {} : { platform }),
  };
}

function parseArgument(word: string, fail: Fail): { name: string; value?: string } {
  const at = word.indexOf('=');
  const name = at < 0 ? word : word.slice(0, at);
  if (name === '') fail(`ARG has "${word}" without a name`);
  return at < 0 ? { name } : { name, value: word.slice(at + 1) };
}

function parsePairs(node: SyntaxNode, fail: Fail) {
  new Flags(node, {}, fail);
  const pairs = node.arguments.form === 'pairs' ? node.arguments.pairs : [];
  const keyword = node.keyword.toUpperCase();
  if (pairs.length === 0)
    fail(`${keyword} needs a name and a value`, { hint: `write ${keyword} NAME=VALUE` });
  for (const { name, value } of pairs) {
    if (name === '') fail(`${keyword} has "=${value}" without a name`);
  }
  return pairs;
}

function commandOf(node: SyntaxNode, fail: Fail): CommandForm {
  new Flags(node, {}, fail);
  return commandIn(node.arguments);
}

function oneText(node: SyntaxNode, fail: Fail, what: string): string {
  new Flags(node, {}, fail);
  const { form } = node.arguments;
  const text = form === 'text' ? node.arguments.text : '';
  if (text === '') fail(`${node.keyword.toUpperCase()} needs ${what}`);
  return text;
}

function someWords(node: SyntaxNode, fail: Fail, what: string): readonly string[] {
  new Flags(node, {}, fail);
  const words = wordsOf(node.arguments);
  if (words.length === 0) fail(`${node.keyword.toUpperCase()} needs ${what}`);
  return words;
}

function wordsOf(given: Arguments): readonly string[] {
  return given.form === 'words' || given.form === 'json' ? given.words : [];
}
