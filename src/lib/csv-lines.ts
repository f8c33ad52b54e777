/** Cells as comma-separated values, a line for each row (RFC 4180), for spreadsheets and scripts. */
export function csvLines(rows: readonly (readonly string[])[]): string {
  return rows.map(cells => `${cells.map(quoted).join(',')}\r\n`).join('');
}

/** Quoted where it has to be; a cell that a spreadsheet would take for a formula becomes text. */
function quoted(cell: string): string {
  const text = /^[=+@-](?![\d.]*$)/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
