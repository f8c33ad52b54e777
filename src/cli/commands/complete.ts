import type { Command } from 'commander';
import { cleanText } from '../../lib/clean-text.ts';
import type { Cli } from '../cli.ts';
import { completions } from '../completions.ts';

/** `__complete -- WORDS...`: candidates for the last word, `word TAB description` a line; silent when it cannot tell. */
export function configureComplete(command: Command, cli: Cli): void {
  command
    .allowUnknownOption()
    .passThroughOptions()
    .argument('[words...]')
    .action(async (words: string[]) => {
      const given = words[0] === '--' ? words.slice(1) : words;
      for (const { word, description } of await completions(given, cli).catch(() => [])) {
        cli.stdout.write(`${cleanText(word)}\t${cleanText(description)}\n`);
      }
    });
}
