import type { Grid } from './grid.ts';
import { isMark, type Row, type RowTable } from './row-table.ts';

interface Placed {
  readonly row: Row;
  readonly x: number;
  readonly y: number;
}

/** Puts rows in the place of the characters that stand for them: from what Ink drew to what is to be seen. */
export function compose(drawn: Grid, wanted: Grid, rows: RowTable): void {
  for (let i = 0; i < drawn.chars.length; i++) wanted.chars[i] = drawn.chars[i] ?? ' ';
  wanted.styles.set(drawn.styles);
  const { placed, marks } = findRows(drawn, rows);
  rows.keep(marks);
  placed.sort((a, b) => a.row.layer - b.row.layer);
  for (const one of placed) blit(one, wanted);
}

function findRows(drawn: Grid, rows: RowTable): { placed: Placed[]; marks: Set<string> } {
  const placed: Placed[] = [];
  const marks = new Set<string>();
  for (let i = 0; i < drawn.chars.length; i++) {
    const char = drawn.chars[i] ?? ' ';
    if (!isMark(char)) continue;
    const row = rows.rowOf(char);
    if (row === undefined) continue;
    marks.add(char);
    placed.push({ row, x: i % drawn.columns, y: Math.floor(i / drawn.columns) });
  }
  return { placed, marks };
}

function blit({ row, x, y }: Placed, wanted: Grid): void {
  const start = y * wanted.columns + x;
  const count = Math.min(row.chars.length, wanted.columns - x);
  // Half of a wide character that is covered leaves a space.
  if (wanted.chars[start] === '' && x > 0) wanted.chars[start - 1] = ' ';
  if (x + count < wanted.columns && wanted.chars[start + count] === '') wanted.chars[start + count] = ' ';
  for (let i = 0; i < count; i++) {
    wanted.chars[start + i] = row.chars[i] ?? ' ';
    wanted.styles[start + i] = row.styles[i] ?? 0;
  }
  const last = start + count - 1;
  if (row.chars[count] === '') wanted.chars[last] = ' ';
}
