import { cleanText } from '../../lib/clean-text.ts';
import { csvLines } from '../../lib/csv-lines.ts';
import type { Column } from './table.ts';

/** Rows as comma-separated values under their field names (RFC 4180), for spreadsheets and scripts. */
export function formatCsv<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  return csvLines([
    columns.map(({ field }) => field),
    ...rows.map(row => columns.map(({ value }) => value(row))),
  ]);
}

/** Rows as a table of Markdown, for issues and wikis. */
export function formatMarkdown<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escaped).join(' | ')} |\n`;
  return [
    line(columns.map(({ title }) => title)),
    `|${columns.map(() => ' --- |').join('')}\n`,
    ...rows.map(row => line(columns.map(({ value }) => value(row)))),
  ].join('');
}

function escaped(cell: string): string {
  return cleanText(cell).replace(/[\\|`*_<>]/g, '\\$&');
}
