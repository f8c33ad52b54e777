import type { Column } from './column.ts';

/** Makes columns of numbers: for people in words, `-` where there is none; in CSV plain numbers, and nothing there. */
export function amountColumns<Row>(
  csv: boolean,
): (
  field: string,
  title: string,
  of: (row: Row) => number | undefined,
  inWords: (value: number, row: Row) => string,
) => Column<Row> {
  return (field, title, of, inWords) => ({
    field,
    title,
    value: row => {
      const value = of(row);
      if (value === undefined) return csv ? '' : '-';
      return csv ? String(value) : inWords(value, row);
    },
  });
}
