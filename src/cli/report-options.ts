import type { Command } from 'commander';
import type { Cli } from './cli.ts';
import { collect } from './collect.ts';
import { formatCsv, formatMarkdown } from './format/report-forms.ts';
import type { Column } from './format/table.ts';
import { type ListingOptions, listingOptions } from './listing-options.ts';
import { badOption } from './parse/bad-option.ts';
import { writeListing } from './write-listing.ts';

/** The forms of what is for people, spreadsheets and scripts alike. */
export interface FormOptions extends ListingOptions {
  readonly csv?: true;
  readonly md?: true;
}

/** The same of what is measured. */
export interface ReportOptions extends FormOptions {
  /** Seconds. */
  readonly over: string;
  readonly failOver?: string;
  /** Where the window of percentiles begins. */
  readonly since: string;
  /** Further engines whose containers are measured. */
  readonly also?: readonly string[];
  /** A file for a report in HTML. */
  readonly html?: string;
}

/** `--also`, for all that measures. */
export const alsoOption = [
  '--also <address>',
  'Also measure the containers of this engine here, as unix:///PATH; sockets of Docker and Podman in the usual places are found',
  collect,
] as const;

/** Adds `--format`, `--json`, `--quiet`, `--csv` and `--md`. */
export function formOptions(command: Command): Command {
  return listingOptions(command, { ids: false })
    .option('--csv', 'Comma-separated values')
    .option('--md', 'A table of Markdown');
}

/** Adds the same, `--over` and `--fail-over`. */
export function reportOptions(command: Command): Command {
  return formOptions(command)
    .option('--over <seconds>', 'How long to measure', '1')
    .option('--html <file>', 'A page of its own with charts and advice, instead of a table; - prints it')
    .option('--since <time>', 'How far percentiles look back: a duration, or a time', '7d')
    .option('--fail-over <percent>', 'Exit with 1 if more than this of the CPU or the memory is wasted')
    .option(...alsoOption);
}

/** Whether a table for people was asked for, which may have words below it. */
export function isForPeople({ csv, md, json, quiet, format }: FormOptions): boolean {
  return !(csv || md || json || quiet) && format === undefined;
}

/** Writes rows in the form that was asked for. */
export async function writeReport<Row>(
  cli: Cli,
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  options: FormOptions,
): Promise<void> {
  const shown = columns.filter(({ hidden }) => hidden !== true);
  if (options.csv) cli.stdout.write(formatCsv(rows, columns));
  else if (options.md) cli.stdout.write(formatMarkdown(rows, shown));
  else await writeListing(cli, rows, columns, options);
}

/** Milliseconds to measure. */
export function parseOver({ over }: ReportOptions): number {
  const seconds = Number(over);
  if (over.trim() !== '' && seconds >= 0.1 && seconds <= 3600) return seconds * 1000;
  throw badOption(`"${over}" is not a time to measure`, 'write --over SECONDS, from 0.1 to 3600');
}

/** A share, 0..1, or undefined if none was given. */
export function parseFailOver({ failOver }: Pick<ReportOptions, 'failOver'>): number | undefined {
  if (failOver === undefined) return undefined;
  const percent = Number(/^([\d.]+)%?$/.exec(failOver)?.[1]);
  if (percent >= 0 && percent <= 100) return percent / 100;
  throw badOption(`"${failOver}" is not a percentage`, 'write --fail-over 40%');
}
