import type { Command } from 'commander';
import type { PruneOptions } from '../engine/index.ts';
import { PlimsollError } from '../errors.ts';
import { cleanText } from '../lib/clean-text.ts';
import { matchesLabel } from '../lib/matches-label.ts';
import { ask } from './ask.ts';
import type { Cli } from './cli.ts';
import { collect } from './collect.ts';
import { parseFilters } from './parse/parse-filters.ts';
import { parseTime } from './parse/parse-time.ts';

export interface PruneFilters {
  readonly force?: true;
  readonly filter?: string[];
}

/**
 * Adds `--force` and `--filter`, as every `prune` has them. Without `--force` a person at a terminal is asked first, as by
 * docker; scripts, which have none, are not. `what` is that which goes.
 */
export function pruneFilters<Options extends PruneFilters>(
  command: Command,
  cli: Cli,
  what: (options: Options) => string,
): Command {
  return command
    .hook('preAction', async (_, self) => await confirm(cli, self.opts<Options>(), what))
    .option('-f, --force', 'Do not ask; at a terminal it asks first')
    .option(
      '--filter <key=value>',
      'Only these: until=TIME, label=NAME[=VALUE], label!=NAME[=VALUE]',
      collect,
    );
}

async function confirm<Options extends PruneFilters>(
  cli: Cli,
  options: Options,
  what: (options: Options) => string,
): Promise<void> {
  if (options.force || cli.stdin.isTTY !== true) return;
  const some = options.filter === undefined ? '' : ' that pass the filters';
  cli.stderr.write(`WARNING! This will remove ${what(options)}${some}.\n`);
  const answer = await ask(cli, 'Are you sure you want to continue? [y/N] ', { hint: "give '--force'" });
  if (/^y(es)?$/i.test(answer.trim())) return;
  throw new PlimsollError('invalid-argument', 'nothing was removed', {
    code: 'NOT_CONFIRMED',
    hint: "answer y, or give '--force'",
  });
}

/** What `--filter` says. Throws `invalid-argument` for what is no such filter. */
export function parsePruneFilters({ filter = [] }: PruneFilters): PruneOptions {
  const filters = parseFilters(filter, ['until', 'label', 'label!']);
  const [until] = (filters.get('until') ?? []).map(text => parseTime(text, Date.now()));
  const [labels, withoutLabels] = [filters.get('label'), filters.get('label!')];
  return {
    ...(until === undefined ? {} : { until }),
    ...(labels === undefined ? {} : { labels }),
    ...(withoutLabels === undefined ? {} : { withoutLabels }),
  };
}

/** The same, for what a host itself goes through: true for an object that is meant. */
export function pruneMatcher(
  filters: PruneFilters,
): (object: { readonly labels: Readonly<Record<string, string>>; readonly created: number }) => boolean {
  const { until = Number.POSITIVE_INFINITY, labels = [], withoutLabels = [] } = parsePruneFilters(filters);
  return object =>
    object.created < until &&
    labels.every(label => matchesLabel(object.labels, label)) &&
    !withoutLabels.some(label => matchesLabel(object.labels, label));
}

/** What went, below docker's title; nothing where nothing did. */
export function writeDeleted(cli: Cli, what: string, lines: readonly string[]): void {
  if (lines.length === 0) return;
  cli.stdout.write(`Deleted ${what}:\n${lines.map(line => `${cleanText(line)}\n`).join('')}\n`);
}
