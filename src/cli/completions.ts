import type { Command, Option } from 'commander';
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
  if (pending !== undefined) return (pending.argChoices ?? []).map(word => ({ word, description: '' }));
  if (rest.at(-1)?.startsWith('-')) return optionsOf(command);
  return await operands(command, before, cli);
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

/** Names for the argument that the next word is, told by the argument's own name. */
async function operands(command: Command, before: readonly string[], cli: Cli): Promise<Completion[]> {
  const given = before.filter(
    (word, i) => !word.startsWith('-') && takesValue(command, before[i - 1]) === undefined,
  );
  const known = command.registeredArguments;
  const argument = known[given.length] ?? (known.at(-1)?.variadic ? known.at(-1) : undefined);
  if (argument?.argChoices) return argument.argChoices.map(word => ({ word, description: '' }));
  const engine = argument?.name() === undefined ? undefined : await cli.engine();
  switch (engine && argument?.name()) {
    case 'container': {
      const now = Date.now();
      const found = engine?.containers.list({ all: true }) ?? [];
      return found.map(({ name, state }) => ({ word: name, description: describeState(state, now) }));
    }
    case 'image':
      return (engine?.images.list() ?? []).flatMap(({ references }) =>
        references.map(word => ({ word, description: 'image' })),
      );
    case 'volume':
      return (engine?.volumes.list() ?? []).map(({ name }) => ({ word: name, description: 'volume' }));
    case 'network':
      return (engine?.networks.list() ?? []).map(({ name }) => ({ word: name, description: 'network' }));
    default:
      return [];
  }
}
