import type { Cli } from './cli.ts';
import { type Column, formatRows } from './format/table.ts';
import type { ListingOptions } from './listing-options.ts';

/** Writes rows in the form that the options ask for. */
export async function writeListing<Row>(
  cli: Cli,
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { json, format, quiet }: ListingOptions,
): Promise<void> {
  if (json) {
    cli.stdout.write(`${JSON.stringify(rows, undefined, 2)}\n`);
    return;
  }
  cli.stdout.write(
    await formatRows(rows, columns, {
      ...(format === undefined ? {} : { format }),
      ...(quiet ? { quiet } : {}),
    }),
  );
}
