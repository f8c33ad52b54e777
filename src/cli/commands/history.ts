import type { Command } from 'commander';
import type { ImageDetails } from '../../engine/index.ts';
import { humanDuration, humanSize, shortId } from '../../words/index.ts';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';
import type { Column } from '../format/table.ts';
import { type ListingOptions, listingOptions } from '../listing-options.ts';
import { parseBoolean } from '../parse/parse-boolean.ts';
import { platformOption, requirePlatform } from '../platform-option.ts';
import { writeListing } from '../write-listing.ts';

interface Options extends ListingOptions {
  readonly platform?: string;
  readonly human?: string;
}

/** `history IMAGE` */
export function configureHistory(command: Command, cli: Cli): void {
  listingOptions(
    platformOption(
      examples(command, 'plimsoll history web', "plimsoll history --format 'table Size,CreatedBy' web"),
    ),
  )
    .argument('<image>')
    .option('-H, --human <true|false>', 'Sizes and times for people (default), or bytes and dates')
    .action(async (image: string, options: Options) => {
      const engine = await cli.engine();
      requirePlatform(engine, image, options.platform);
      const details = engine.images.inspect(image);
      const rows = details.history.map((entry, index) => ({
        id: index === details.history.length - 1 ? details.id : '<missing>',
        ...entry,
      }));
      await writeListing(cli, rows.reverse(), columns(Date.now(), options), options);
    });
}

type Row = ImageDetails['history'][number] & { readonly id: string };

/** Docker's columns; only the newest step has an id, as the others are no images. */
function columns(now: number, { trunc, human = 'true' }: Options): readonly Column<Row>[] {
  const whole = trunc === false;
  const exact = !parseBoolean(human.replace(/^=/, ''), '--human');
  const date = (row: Row) => new Date(row.created).toISOString();
  const by = (text: string) => {
    const line = text.replace(/\s+/g, ' ');
    return whole || line.length <= 45 ? line : `${line.slice(0, 44)}…`;
  };
  return [
    { field: 'ID', title: 'IMAGE', value: row => (whole ? row.id : shortId(row.id)), quiet: true },
    {
      field: 'CreatedSince',
      title: 'CREATED',
      value: row => (exact ? date(row) : `${humanDuration(now - row.created)} ago`),
    },
    { field: 'CreatedBy', title: 'CREATED BY', value: row => by(row.createdBy) },
    {
      field: 'Size',
      title: 'SIZE',
      value: row => (exact ? String(row.sizeBytes) : humanSize(row.sizeBytes)),
    },
    { field: 'Comment', title: 'COMMENT', value: row => row.comment ?? '' },
    { field: 'CreatedAt', title: 'CREATED AT', value: date, hidden: true },
  ];
}
