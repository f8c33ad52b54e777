import { type Command, Option } from 'commander';
import { badOption } from './parse/bad-option.ts';

/** An option of docker's that cannot be had: its name, why, and what to do. */
export type RefusedOption = readonly [name: string, why: string, hint: string];

/** Options that are known and refused, unless they ask for what is so anyway: never ignored in silence. */
export function refuseOptions(command: Command, refused: readonly RefusedOption[]): Command {
  for (const [name, why, hint] of refused) {
    const option = new Option(`${name} [value]`).preset('true').argParser(value => {
      if (/^(false|none|default|local)$/.test(value)) return undefined;
      throw badOption(`"${name.split(' ').at(-1)}" cannot be: ${why}`, hint);
    });
    command.addOption(option.hideHelp());
  }
  return command;
}

/** Options that ask for what is so anyway. */
export function acceptOptions(command: Command, ...flags: readonly string[]): Command {
  for (const each of flags) command.addOption(new Option(each).hideHelp());
  return command;
}
