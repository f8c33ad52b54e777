import { fitCells } from '../../lib/cell-text.ts';
import { spansWidth } from './panel.ts';
import type { Line, Span, Theme } from './theme.ts';

/** One column of a table of `Row`s. */
export interface Column<Row> {
  readonly key: string;
  readonly title: string;
  /** Least cells; a column with `grow` shares what is left over. */
  readonly width: number;
  readonly grow?: number;
  /** Most cells for a growing column. */
  readonly most?: number;
  readonly align?: 'left' | 'right';
  /** Lower ones stay longer when the width is short; 0 always stays. */
  readonly priority: number;
  readonly cell: (row: Row, width: number) => readonly Span[];
}

export interface TableOptions<Row> {
  readonly columns: readonly Column<Row>[];
  /** Only the rows that are to be seen. */
  readonly rows: readonly Row[];
  readonly width: number;
  /** Key of the sorted column, and its direction. */
  readonly sort?: { readonly key: string; readonly descending: boolean };
  readonly look: (row: Row) => Line['look'];
  readonly theme: Theme;
}

/** Head and rows of a table; columns that do not fit are dropped by priority, never cut off at the edge. */
export function tableLines<Row>(options: TableOptions<Row>): { head: Line; rows: Line[] } {
  const chosen = chooseColumns(options.columns, options.width);
  return {
    head: { spans: chosen.flatMap(({ column, width }) => headCell(column, width, options)) },
    rows: options.rows.map(row => {
      const look = options.look(row);
      const spans: Span[] = [[' '], ...spread(chosen, ({ column, width }) => bodyCell(column, width, row))];
      return look === undefined ? { spans } : { spans, look };
    }),
  };
}

interface Chosen<Row> {
  readonly column: Column<Row>;
  readonly width: number;
}

function chooseColumns<Row>(columns: readonly Column<Row>[], width: number): Chosen<Row>[] {
  let kept = columns;
  while (leastWidth(kept) > width && kept.some(column => column.priority > 0)) {
    const worst = Math.max(...kept.map(column => column.priority));
    kept = kept.filter(column => column.priority !== worst);
  }
  let spare = Math.max(0, width - leastWidth(kept));
  const widths = new Map(kept.map(column => [column.key, column.width]));
  const growing = kept.filter(column => column.grow !== undefined);
  while (spare > 0) {
    const open = growing.filter(
      column => (widths.get(column.key) ?? 0) < (column.most ?? Number.POSITIVE_INFINITY),
    );
    if (open.length === 0) break;
    const neediest = open.reduce((a, b) => (weight(a, widths) <= weight(b, widths) ? a : b));
    widths.set(neediest.key, (widths.get(neediest.key) ?? 0) + 1);
    spare--;
  }
  return kept.map(column => ({ column, width: widths.get(column.key) ?? column.width }));
}

function weight<Row>(column: Column<Row>, widths: ReadonlyMap<string, number>): number {
  return (widths.get(column.key) ?? 0) / (column.grow ?? 1);
}

function leastWidth<Row>(columns: readonly Column<Row>[]): number {
  return columns.reduce((sum, column) => sum + column.width + 1, 1);
}

function spread<Row>(chosen: readonly Chosen<Row>[], cell: (chosen: Chosen<Row>) => Span[]): Span[] {
  return chosen.flatMap((one, i): Span[] => (i === 0 ? cell(one) : [[' '], ...cell(one)]));
}

/** A column's title and the cell before it. The arrow of the sorted one is behind its title, else in that cell. */
function headCell<Row>(
  { align, key, title }: Column<Row>,
  width: number,
  { sort, theme }: TableOptions<Row>,
): Span[] {
  const { down, ellipsis, up } = theme.glyphs;
  if (sort?.key !== key) return [[' '], [fitCells(title, width, align, ellipsis), 'dim']];
  const arrow = sort.descending ? down : up;
  if (width > title.length) return [[' '], [fitCells(title + arrow, width, align, ellipsis), 'accent']];
  return [[arrow + fitCells(title, width, align, ellipsis), 'accent']];
}

function bodyCell<Row>(column: Column<Row>, width: number, row: Row): Span[] {
  const spans = column.cell(row, width);
  const cells = spansWidth(spans);
  if (cells > width) return cutSpans(spans, width);
  const space: Span = [' '.repeat(width - cells)];
  return column.align === 'right' ? [space, ...spans] : [...spans, space];
}

function cutSpans(spans: readonly Span[], width: number): Span[] {
  let left = width;
  const kept: Span[] = [];
  for (const [text, tone = 'text'] of spans) {
    if (left <= 0) break;
    const cut = spansWidth([[text]]) > left ? fitCells(text, left) : text;
    kept.push([cut, tone]);
    left -= spansWidth([[cut]]);
  }
  return kept;
}
