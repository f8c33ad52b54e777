import type { Command, Option } from 'commander';
import { listContexts } from '../contexts/index.ts';
import { familiarReference, parseReference } from '../oci/index.ts';
import { describeState } from '../words/index.ts';
import type { Cli } from './cli.ts';
import { type CommandEntry, commandTable } from './command-table.ts';

/** A word that may stand next, and what it means. */
export interface Completion {
  readonly word: string;
  readonly description: string;
}

/**
 * What may stand in place of the last of `words` (the line after `plimsoll`): verbs, options and their choices from
 * the commands themselves, names of containers, images, volumes and networks from the root. Empty: a file, perhaps.
 */
export async function completions(words: readonly string[], context: Context): Promise<Completion[]> {
  const [verb = '', ...rest] = words;
  const last = words.at(-1) ?? '';
  const [, option, value] = /^(--[a-z][\w-]*=)(.*)$/s.exec(rest.length > 0 ? last : '') ?? [];
  if (option !== undefined && value !== undefined) {
    // As if the value stood apart; what is offered takes the place of the whole word.
    const apart = [...rest.slice(0, -1), option.slice(0, -1), value];
    const found = await candidates(verb, apart, context);
    return found
      .filter(({ word }) => word.startsWith(value))
      .map(one => ({ ...one, word: option + one.word }));
  }
  return (await candidates(verb, rest, context)).filter(({ word }) => word.startsWith(last));
}

interface Context {
  readonly cli: Cli;
  /** Makes the whole command of a verb. */
  readonly make: (entry: CommandEntry) => Command;
}

async function candidates(
  verb: string,
  rest: readonly string[],
  { cli, make }: Context,
): Promise<Completion[]> {
  if (rest.length === 0) {
    return commandTable.map(({ name, summary }) => ({ word: name, description: summary }));
  }
  const entry = commandTable.find(({ name }) => name === verb);
  if (entry === undefined) return [];
  let command = make(entry);
  let before = rest.slice(0, -1);
  const child = command.commands.find(sub => sub.name() === before[0]);
  if (child === undefined && command.commands.length > 0) {
    return command.commands.map(sub => ({ word: sub.name(), description: sub.description() }));
  }
  if (child !== undefined) {
    command = child;
    before = before.slice(1);
  }
  const pending = takesValue(command, before.at(-1));
  if (pending !== undefined) {
    if (pending.argChoices) return pending.argChoices.map(word => ({ word, description: '' }));
    const kind = /<(container|network|volume|image)\b/.exec(pending.flags)?.[1];
    return kind === undefined ? [] : await namesOf(kind, cli);
  }
  const given = operandsIn(command, before);
  // What follows the image is a command of its own, with options of its own.
  if (passesOn.has(child?.name() ?? verb) && given.length > 0 && rest.at(-1)?.startsWith('-')) return [];
  if (rest.at(-1)?.startsWith('-')) return optionsOf(command);
  return await operands(command, given, { cli, verb });
}

/** The option whose value the next word is, if the word before is one that takes a value. */
function takesValue(command: Command, word: string | undefined): Option | undefined {
  if (word === undefined || !word.startsWith('-') || word.includes('=')) return undefined;
  return command.options.find(option => (option.short === word || option.long === word) && option.required);
}

function optionsOf(command: Command): Completion[] {
  return command.options.flatMap(option =>
    [option.long, option.short].flatMap(word =>
      word === undefined ? [] : [{ word, description: option.description }],
    ),
  );
}

/** `run`, `create` and `exec` end their options at the first word that is none. */
const passesOn: ReadonlySet<string> = new Set(['run', 'create', 'exec']);

/** The words before that are no options and no values of options. */
function operandsIn(command: Command, before: readonly string[]): string[] {
  return before.filter(
    (word, i) => !word.startsWith('-') && takesValue(command, before[i - 1]) === undefined,
  );
}

/** Names for the argument that the next word is, told by the argument's own name. */
async function operands(
  command: Command,
  given: readonly string[],
  { cli, verb }: { readonly cli: Cli; readonly verb: string },
): Promise<Completion[]> {
  const known = command.registeredArguments;
  const argument = known[given.length] ?? (known.at(-1)?.variadic ? known.at(-1) : undefined);
  if (argument?.argChoices) return argument.argChoices.map(word => ({ word, description: '' }));
  if (verb === 'inspect') return (await Promise.all(kinds.map(kind => namesOf(kind, cli)))).flat();
  // Of `cp`: the container before the colon; a file is left to the shell.
  if (command.registeredArguments.some(each => each.name() === 'target'))
    return (await namesOf('container', cli)).map(one => ({ ...one, word: `${one.word}:` }));
  return argument === undefined ? [] : await namesOf(argument.name(), cli);
}

const kinds = ['container', 'image', 'volume', 'network'];

/** Names of what the engine, or this machine, has of a kind. */
async function namesOf(kind: string, cli: Cli): Promise<Completion[]> {
  if (kind === 'context')
    return listContexts(cli.env).map(({ name, host }) => ({ word: name, description: host }));
  if (!kinds.includes(kind)) return [];
  const engine = await cli.engine();
  if (kind === 'container') {
    const now = Date.now();
    const found = engine.containers.list({ all: true });
    return found.map(({ name, state }) => ({ word: name, description: describeState(state, now) }));
  }
  if (kind === 'image')
    return engine.images.list().flatMap(({ references }) =>
      references.map(reference => ({
        word: familiarReference(parseReference(reference)),
        description: 'image',
      })),
    );
  const named = kind === 'volume' ? engine.volumes.list() : engine.networks.list();
  return named.map(({ name }) => ({ word: name, description: kind }));
}
