import type { Command } from 'commander';

/** Adds examples to the end of a command's help. */
export function examples(command: Command, ...lines: readonly string[]): Command {
  const heading = lines.length > 1 ? 'Examples' : 'Example';
  return command.addHelpText('after', `\n${heading}:\n${lines.map(line => `  ${line}`).join('\n')}`);
}
