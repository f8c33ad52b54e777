import { PlimsollError } from '../../errors.ts';
import { cleanText } from '../../lib/clean-text.ts';
import { alignColumns } from './align-columns.ts';
import { type Column, fieldNames, unknownField } from './column.ts';

export type { Column };

/** How a listing is to be written. */
export interface TableOptions {
  /** `table`, `table ID,Names`, `json` (an object per line), or a Go template, with `table` before it for titles. */
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
  if (options.format?.includes('{{')) {
    return await (await import('./template.ts')).formatByTemplate(rows, columns, options.format);
  }
  const format = parseFormat(options.format || 'table', columns); // none and empty are the same to docker
  if (format === 'json') {
    return lines(
      rows.map(row => JSON.stringify(Object.fromEntries(columns.map(c => [c.field, c.value(row)])))),
    );
  }
  const cells = [format.map(c => c.title), ...rows.map(row => format.map(c => cleanText(c.value(row))))];
  return await alignColumns(cells);
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
  throw new PlimsollError('invalid-argument', `unknown format "${format}"`, {
    code: 'BAD_FORMAT',
    hint: `use --format json, 'table FIELD,FIELD' or a Go template such as '{{.${columns[0]?.field}}}', with ${fieldNames(columns)}`,
  });
}

function lines(rows: readonly string[]): string {
  return rows.map(row => `${row}\n`).join('');
}
