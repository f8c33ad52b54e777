import { PlimsollError } from '../../errors.ts';
import { cleanText } from '../../lib/clean-text.ts';
import { nearMisses } from '../../lib/near-misses.ts';

/** A column of a listing. `field` is docker's template name, also the key in JSON. */
export interface Column<Row> {
  readonly field: string;
  readonly title: string;
  readonly value: (row: Row) => string;
  /** Only shown when asked for by its field, or in JSON. */
  readonly hidden?: boolean;
  /** What `-q` prints; default the first column. */
  readonly quiet?: boolean;
}

/** How a listing is to be written. */
export interface TableOptions {
  /** `table`, `table ID,Names`, `json` (an object per line). Default `table`. */
  readonly format?: string;
  readonly quiet?: boolean;
}

/** Writes rows as docker does: aligned columns under titles, or JSON lines, or only ids. */
export async function formatRows<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  options: TableOptions,
): Promise<string> {
  if (options.quiet === true) {
    const column = columns.find(c => c.quiet) ?? columns[0];
    return lines([...new Set(rows.map(row => column?.value(row) ?? ''))]);
  }
  const format = parseFormat(options.format ?? 'table', columns);
  if (format === 'json') {
    return lines(
      rows.map(row => JSON.stringify(Object.fromEntries(columns.map(c => [c.field, c.value(row)])))),
    );
  }
  const cells = [format.map(c => c.title), ...rows.map(row => format.map(c => cleanText(c.value(row))))];
  return await alignColumns(cells);
}

/** Pads every column to its widest cell, three blanks apart. The last one is not padded. */
export async function alignColumns(rows: readonly (readonly string[])[]): Promise<string> {
  const cellWidth = await measureFor(rows);
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, cellWidth(cell));
    });
  }
  const pad = (cell: string, i: number, row: readonly string[]) =>
    i === row.length - 1 ? cell : cell + ' '.repeat((widths[i] ?? 0) - cellWidth(cell) + 3);
  return lines(rows.map(row => row.map(pad).join('').trimEnd()));
}

/** Cells of a text. The tables of Unicode take longer to load than a listing to make, and most listings are plain. */
async function measureFor(rows: readonly (readonly string[])[]): Promise<(text: string) => number> {
  if (rows.every(row => row.every(cell => /^[ -~\u2026]*$/.test(cell)))) return text => text.length;
  return (await import('../../lib/cell-text.ts')).cellWidth;
}

/** The columns that a `--format` names, or `json`. Fields are told apart without regard to case. */
function parseFormat<Row>(format: string, columns: readonly Column<Row>[]): 'json' | Column<Row>[] {
  const text = format.trim();
  if (text === 'json') return 'json';
  const [, names] = /^table(?:\s+(.+))?$/.exec(text) ?? badFormat(format, columns);
  if (names === undefined) return columns.filter(column => column.hidden !== true);
  return names.split(/[\s,]+/).map(name => {
    const column = columns.find(c => c.field.toLowerCase() === name.toLowerCase());
    return column ?? unknownField(name, columns);
  });
}

function badFormat<Row>(format: string, columns: readonly Column<Row>[]): never {
  const what = format.includes('{{') ? 'Go templates are not supported' : `unknown format "${format}"`;
  throw new PlimsollError('invalid-argument', what, {
    code: 'BAD_FORMAT',
    hint: `use --format json, or --format 'table FIELD,FIELD' with ${fieldNames(columns)}`,
  });
}

function unknownField<Row>(name: string, columns: readonly Column<Row>[]): never {
  const near = nearMisses(
    name,
    columns.map(c => c.field),
  );
  throw new PlimsollError('invalid-argument', `there is no field "${name}" here`, {
    code: 'BAD_FORMAT',
    hint: near.length > 0 ? `did you mean ${near.join(' or ')}?` : `the fields are ${fieldNames(columns)}`,
  });
}

function fieldNames<Row>(columns: readonly Column<Row>[]): string {
  return columns.map(c => c.field).join(', ');
}

function lines(rows: readonly string[]): string {
  return rows.map(row => `${row}\n`).join('');
}
