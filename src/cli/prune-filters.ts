import type { Command } from 'commander';
import type { PruneOptions } from '../engine/index.ts';
import { cleanText } from '../lib/clean-text.ts';
import { matchesLabel } from '../lib/matches-label.ts';
import type { Cli } from './cli.ts';
import { collect } from './collect.ts';
import { parseFilters } from './parse/parse-filters.ts';
import { parseTime } from './parse/parse-time.ts';

export interface PruneFilters {
  readonly filter?: string[];
}

/** Adds `--force` and `--filter`, as every `prune` has them. */
export function pruneFilters(command: Command): Command {
  return command
    .option('-f, --force', 'Accepted for scripts; it never asks')
    .option(
      '--filter <key=value>',
      'Only these: until=TIME, label=NAME[=VALUE], label!=NAME[=VALUE]',
      collect,
    );
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
