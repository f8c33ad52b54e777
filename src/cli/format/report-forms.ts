import { cleanText } from '../../lib/clean-text.ts';
import type { Column } from './table.ts';

/** Rows as comma-separated values under their field names (RFC 4180), for spreadsheets and scripts. */
export function formatCsv<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const cells = [
    columns.map(({ field }) => field),
    ...rows.map(row => columns.map(({ value }) => value(row))),
  ];
  return cells.map(line => `${line.map(quoted).join(',')}\r\n`).join('');
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

/** Quoted where it has to be; a cell that a spreadsheet would take for a formula becomes text. */
function quoted(cell: string): string {
  const text = /^[=+@-](?![\d.]*$)/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function escaped(cell: string): string {
  return cleanText(cell).replace(/[\\|`*_<>]/g, '\\$&');
}
