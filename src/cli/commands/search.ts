import type { Command } from 'commander';
import type { FoundRepository } from '../../engine/index.ts';
import { isTrueFilter, passes } from '../../words/index.ts';
import type { Cli } from '../cli.ts';
import { collect } from '../collect.ts';
import { examples } from '../examples.ts';
import type { Column } from '../format/table.ts';
import { parseFilters } from '../parse/parse-filters.ts';
import { parseCount } from '../parse/parse-limits.ts';
import { type RegistryOptions, registryAccess, registryOptions } from '../registry-options.ts';
import { writeListing } from '../write-listing.ts';

interface Options extends RegistryOptions {
  readonly limit: string;
  readonly registry?: string;
  readonly format?: string;
  readonly json?: true;
  readonly filter?: string[];
  readonly trunc: boolean;
}

/** `search WORDS` */
export function configureSearch(command: Command, cli: Cli): void {
  examples(
    registryOptions(command),
    'plimsoll search nginx',
    'plimsoll search --registry quay.io --limit 5 podman',
  )
    .argument('<words>', 'Part of a name or description; REGISTRY/WORDS searches there')
    .option('--limit <number>', 'At most so many', '25')
    .option('--registry <host>', 'Where to search (default: the first of the search list)')
    .option('--format <format>', "table, 'table FIELD,FIELD', or json: an object per line")
    .option('-f, --filter <key=value>', 'Only these: stars=NUMBER, is-official=true|false', collect)
    .option('--json', 'One JSON array of all that is known')
    .option('--no-trunc', 'Whole descriptions')
    .action(async (words: string, options: Options) => {
      const filters = parseFilters(options.filter ?? [], ['stars', 'is-official']);
      const stars = (filters.get('stars') ?? []).map(text => parseCount(text, 'a number of stars', 0));
      const matches = (row: FoundRepository) =>
        stars.every(least => row.stars >= least) &&
        passes(filters, 'is-official', value => isTrueFilter('is-official', value) === row.official);
      const engine = await cli.engine();
      const [registry, rest] = splitRegistry(words, options.registry);
      const found = await engine.registries.search(rest, {
        limit: parseCount(options.limit, 'a number of results', 1),
        signal: cli.signal,
        ...(registry === undefined ? {} : { registry }),
        ...registryAccess(options),
      });
      await writeListing(cli, found.filter(matches), columns(options.trunc), options);
    });
}

/** `quay.io/podman` names a registry as a reference does. */
function splitRegistry(words: string, registry: string | undefined): [string | undefined, string] {
  const [, host, rest] = /^([^/\s]*[.:][^/\s]*|localhost)\/(.+)$/.exec(words) ?? [];
  return registry === undefined && host !== undefined ? [host, rest ?? ''] : [registry, words];
}

function columns(truncate: boolean): readonly Column<FoundRepository>[] {
  const short = (text: string) => (truncate && text.length > 60 ? `${text.slice(0, 59)}…` : text);
  return [
    { field: 'Name', title: 'NAME', value: row => row.name },
    { field: 'Description', title: 'DESCRIPTION', value: row => short(row.description.replace(/\s+/g, ' ')) },
    { field: 'StarCount', title: 'STARS', value: row => String(row.stars) },
    { field: 'IsOfficial', title: 'OFFICIAL', value: row => (row.official ? '[OK]' : '') },
  ];
}
