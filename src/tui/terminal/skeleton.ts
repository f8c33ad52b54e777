import { terminalSize } from './cell-writer.ts';

/**
 * The first thing on screen, before anything heavy is loaded: the alternate screen, the name, and the edges of the
 * panes where they will be. Two writes of a few hundred bytes.
 */
export function skeleton(
  output: { readonly columns?: number | undefined; readonly rows?: number | undefined },
  options: { readonly unicode: boolean; readonly colour: boolean },
): string {
  const { columns, rows } = terminalSize(output);
  const dim = options.colour ? '\u001b[90m' : '';
  const enter = '\u001b[?1049h\u001b[?25l\u001b[2J\u001b[H';
  if (rows < 16 || columns < 40) return `${enter} plimsoll`;
  const [topLeft, topRight, bottomLeft, bottomRight, bar] = options.unicode
    ? ['╭', '╮', '╰', '╯', '─']
    : ['+', '+', '+', '+', '-'];
  const rule = bar.repeat(columns - 2);
  const boxed = rows >= 30 && columns >= 60;
  const listTop = boxed ? 7 : 5;
  const line = (row: number, left: string, right: string): string => `\u001b[${row}H${left}${rule}${right}`;
  const box = (top: number, bottom: number): string =>
    line(top, topLeft, topRight) + line(bottom, bottomLeft, bottomRight);
  const loadLine = boxed ? box(2, 6) : '';
  return `${enter} plimsoll${dim}${loadLine}${box(listTop, rows - 1)}\u001b[m`;
}
