import type { Command } from 'commander';

/** The options that every listing has. */
export interface ListingOptions {
  readonly format?: string;
  readonly json?: true;
  readonly quiet?: true;
  readonly trunc?: boolean;
}

/** Adds `--format`, `--json`, and (where there are ids) `-q` and `--no-trunc`. */
export function listingOptions(command: Command, { ids = true } = {}): Command {
  command
    .option('--format <format>', "table, 'table FIELD,FIELD', or json: an object per line")
    .option('--json', 'One JSON array of all that is known');
  if (!ids) return command.option('-q, --quiet', 'Names only');
  return command.option('-q, --quiet', 'Ids only').option('--no-trunc', 'Whole ids and commands');
}
