import { type Command, CommanderError } from 'commander';
import { PlimsollError } from '../errors.ts';
import { cleanText } from '../lib/clean-text.ts';
import { nearMisses } from '../lib/near-misses.ts';
import type { Cli } from './cli.ts';
import { type CommandEntry, commandTable } from './command-table.ts';
import { completions } from './completions.ts';
import { DockerCommand } from './docker-command.ts';
import { topLevelHelp } from './help.ts';

/**
 * Runs one command line, without the options that stand before the verb. Throws what the command throws; usage errors
 * are `invalid-argument`.
 */
export async function runCommandLine(argv: readonly string[], cli: Cli): Promise<void> {
  const [verb = '--help', ...rest] = argv;
  if (verb === '-h' || verb === '--help' || (verb === 'help' && rest.length === 0)) {
    cli.stdout.write(topLevelHelp());
    return;
  }
  if (verb === 'help') return await runCommandLine([...rest, '--help'], cli);
  if (verb === '-v' || verb === '--version') return await runCommandLine(['version'], cli);
  if (verb === '__complete') return await writeCompletions(rest, cli);
  const entry = commandTable.find(({ name }) => name === verb) ?? unknownVerb(verb);
  const command = makeCommand(entry, cli);
  try {
    await command.parseAsync(rest, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode !== 0) throw usageError(error, verb, command.commands);
  }
}

/** The whole command of a verb, ready to parse or to describe itself. */
function makeCommand(entry: CommandEntry, cli: Cli): Command {
  const command = new DockerCommand(`plimsoll ${entry.name}`).description(entry.summary);
  entry.configure(command, cli);
  prepare(command, cli);
  return command;
}

/** Subcommands do not take over what their parent was told of output and exits. */
function prepare(command: Command, cli: Cli): void {
  command
    .exitOverride()
    .configureOutput({
      writeOut: text => cli.stdout.write(text),
      writeErr: () => {}, // the error is thrown, and written once, with a hint
      getOutHelpWidth: () => Math.min(cli.stdout.columns ?? 100, 120),
    })
    .helpCommand(false)
    .configureHelp({ showGlobalOptions: false });
  const taken = command.options.some(option => option.short === '-h'); // docker's --hostname
  command.helpOption(taken ? '--help' : '-h, --help', 'Print this help');
  for (const child of command.commands) prepare(child, cli);
}

/** What completion scripts call, as `__complete -- WORDS...`; silent when it cannot tell. */
async function writeCompletions(words: readonly string[], cli: Cli): Promise<void> {
  const given = words[0] === '--' ? words.slice(1) : words;
  const make = (entry: CommandEntry) => makeCommand(entry, cli);
  for (const { word, description } of await completions(given, { cli, make }).catch(() => [])) {
    cli.stdout.write(`${cleanText(word)}\t${cleanText(description)}\n`);
  }
}

function unknownVerb(verb: string): never {
  const near = nearMisses(
    verb,
    commandTable.map(entry => entry.name),
  );
  throw new PlimsollError('invalid-argument', `there is no command "${verb}"`, {
    code: 'BAD_COMMAND',
    hint: near.length > 0 ? `did you mean ${near.join(' or ')}?` : "see 'plimsoll --help'",
  });
}

/** What Commander says of an option, and not of an operand. */
const ofOptions = /^error: (unknown |required )?option /;

function usageError(error: CommanderError, verb: string, children: readonly Command[]): PlimsollError {
  const [message = '', suggestion = ''] = error.message.replace(/^error: /, '').split('\n');
  const help = `see 'plimsoll ${verb} --help'`;
  const group = error.code === 'commander.help';
  const names = children.filter(child => child.description() !== '').map(child => child.name());
  const advice = group ? `there are ${names.join(', ')}; ${help}` : help;
  return new PlimsollError(
    'invalid-argument',
    group ? `"${verb}" needs a command` : message.replace(/\.$/, ''),
    {
      code: ofOptions.test(error.message) ? 'OPTION_REFUSED' : 'BAD_USAGE',
      hint:
        suggestion === '' ? advice : `${suggestion.replace(/^\(|\)$/g, '').replace('Did', 'did')} ${help}`,
    },
  );
}
