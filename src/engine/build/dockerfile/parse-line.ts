import { nearMisses } from '../../../lib/near-misses.ts';
import { DockerfileError, type DockerfileSource, type LineRange } from './dockerfile-error.ts';
import type { Arguments, CommandForm, Heredoc, NameValue, SyntaxNode } from './syntax-tree.ts';
import { splitWords, takeFlags } from './words.ts';

/** What the reading of a line depends on besides its text. */
export interface LineContext {
  readonly escape: string;
  readonly heredocs: readonly Heredoc[];
  readonly comments: readonly string[];
}

/** Reads one logical line: keyword, flags, and arguments in the form that the keyword wants. */
export function parseLine(
  source: DockerfileSource,
  line: string,
  range: LineRange,
  context: LineContext,
): SyntaxNode {
  const [, word = '', after = ''] = /^([^\t\v\f\r ]+)[\t\v\f\r ]*(.*)$/s.exec(line.trim()) ?? [];
  const keyword = word.toLowerCase();
  const { flags, rest } = takeFlags(after, context.escape);
  const fail = (sentence: string, hint: string): never => {
    throw new DockerfileError(source, range, sentence, { hint });
  };
  const form = Object.hasOwn(formOf, keyword) ? formOf[keyword] : undefined;
  if (form === undefined) return fail(`"${word}" is not an instruction`, nearestHint(keyword));
  const read: Arguments =
    form === 'nested'
      ? nested(source, rest, range, context)
      : parsers[form]({ keyword, rest, escape: context.escape, fail });
  return {
    keyword,
    flags,
    arguments: read,
    heredocs: read.form === 'json' ? [] : context.heredocs,
    comments: context.comments,
    text: line.trim(),
    start: range.start,
    end: range.end,
  };
}

type Form = 'command' | 'list' | 'words' | 'pairs' | 'args' | 'text' | 'typed' | 'nested';

const formOf: Readonly<Record<string, Form>> = {
  add: 'list',
  arg: 'args',
  cmd: 'command',
  copy: 'list',
  entrypoint: 'command',
  env: 'pairs',
  expose: 'words',
  from: 'words',
  healthcheck: 'typed',
  label: 'pairs',
  maintainer: 'text',
  onbuild: 'nested',
  run: 'command',
  shell: 'command',
  stopsignal: 'text',
  user: 'text',
  volume: 'list',
  workdir: 'text',
};

interface Reading {
  readonly keyword: string;
  readonly rest: string;
  readonly escape: string;
  readonly fail: (sentence: string, hint: string) => never;
}

const parsers: Readonly<Record<Exclude<Form, 'nested'>, (reading: Reading) => Arguments>> = {
  command: ({ rest, fail }) => commandForm(rest, fail),
  text: ({ rest }) => ({ form: 'text', text: rest }),
  words: ({ rest }) => ({ form: 'words', words: whitespaceWords(rest) }),
  args: ({ rest, escape: escaper }) => ({ form: 'words', words: splitWords(rest, escaper) }),
  list: ({ rest, fail }) => {
    const json = jsonWords(rest, fail);
    return json === undefined
      ? { form: 'words', words: whitespaceWords(rest) }
      : { form: 'json', words: json };
  },
  pairs: ({ keyword, rest, escape: escaper, fail }) => ({
    form: 'pairs',
    pairs: nameValues(keyword.toUpperCase(), rest, escaper, fail),
  }),
  typed: ({ rest, fail }) => {
    const [, type = '', command = ''] = /^(\S*)\s*(.*)$/s.exec(rest) ?? [];
    return { form: 'typed', type, command: commandForm(command, fail) };
  },
};

function commandForm(rest: string, fail: Reading['fail']): CommandForm {
  const words = jsonWords(rest, fail);
  return words === undefined ? { form: 'text', text: rest } : { form: 'json', words };
}

/** The words of a JSON list; undefined if the text is no JSON (then it is for a shell). */
function jsonWords(rest: string, fail: Reading['fail']): string[] | undefined {
  if (!rest.trimStart().startsWith('[')) return undefined;
  let list: unknown;
  try {
    list = JSON.parse(rest);
  } catch {
    return undefined;
  }
  if (!Array.isArray(list)) return undefined;
  return list.map(item =>
    typeof item === 'string'
      ? item
      : fail('only strings may stand in the list of an exec form', 'quote each item, or use the shell form'),
  );
}

function whitespaceWords(rest: string): string[] {
  return rest.split(/[\t\v\f\r ]+/).filter(word => word !== '');
}

function nameValues(keyword: string, rest: string, escaper: string, fail: Reading['fail']): NameValue[] {
  const words = splitWords(rest, escaper);
  if (words[0]?.includes('=') === false) {
    const [, name = '', value = ''] = /^([^\t\v\f\r ]+)[\t\v\f\r ]+(.*)$/s.exec(rest) ?? [];
    if (name === '')
      return fail(`${keyword} needs a name and a value`, `write ${keyword} ${rest.trim()}=VALUE`);
    return [{ name, value, legacy: true }];
  }
  return words.map(word => {
    const at = word.indexOf('=');
    if (at < 0)
      return fail(
        `${keyword} has "${word}" without a value`,
        `write ${word}=VALUE, in quotes if it has spaces`,
      );
    return { name: word.slice(0, at), value: word.slice(at + 1), legacy: false };
  });
}

function nested(source: DockerfileSource, rest: string, range: LineRange, context: LineContext): Arguments {
  if (rest.trim() === '') {
    throw new DockerfileError(source, range, 'ONBUILD needs an instruction', {
      hint: 'write it after the word, such as ONBUILD RUN make',
    });
  }
  return { form: 'nested', node: parseLine(source, rest, range, context) };
}

function nearestHint(keyword: string): string {
  const [near] = nearMisses(keyword, Object.keys(formOf), 1);
  return near === undefined
    ? 'every line begins with an instruction; end a line with \\ to go on with it on the next'
    : `did you mean ${near.toUpperCase()}?`;
}
