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
  return rows.map(row => `${row.map(pad).join('').trimEnd()}\n`).join('');
}

/** Cells of a text. The tables of Unicode take longer to load than a listing to make, and most listings are plain. */
async function measureFor(rows: readonly (readonly string[])[]): Promise<(text: string) => number> {
  if (rows.every(row => row.every(cell => /^[ -~\u2026]*$/.test(cell)))) return text => text.length;
  return (await import('../../lib/cell-text.ts')).cellWidth;
}
