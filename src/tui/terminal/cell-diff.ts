import type { Grid } from './grid.ts';
import type { StyleTable } from './style.ts';

/** Equal cells that are cheaper written again than jumped over. */
const bridge = 4;

/**
 * The bytes that turn the shown screen into the wanted one; `shown` is brought up to date. Empty when they are equal.
 * It ends in the default style; where the cursor ends is not said.
 */
export function cellDiff(wanted: Grid, shown: Grid, table: StyleTable): string {
  const out: string[] = [];
  let [cursorX, cursorY, style] = [-1, -1, 0];

  const moveTo = (x: number, y: number): void => {
    if (cursorY === y && cursorX === x) return;
    if (cursorY === y && cursorX >= 0 && x > cursorX)
      out.push(`\u001b[${x - cursorX === 1 ? '' : x - cursorX}C`);
    else if (cursorY >= 0 && y === cursorY + 1 && x === 0) out.push('\r\n');
    else out.push(position(x, y));
    [cursorX, cursorY] = [x, y];
  };

  const put = (x: number, y: number): number => {
    const at = y * wanted.columns + x;
    const char = wanted.chars[at] ?? ' ';
    const wantedStyle = wanted.styles[at] ?? 0;
    if (wantedStyle !== style) out.push(table.change(style, wantedStyle));
    style = wantedStyle;
    out.push(char);
    const width = x + 1 < wanted.columns && wanted.chars[at + 1] === '' ? 2 : 1;
    cursorX += width;
    // The terminal may count a long grapheme otherwise, and at the edge it may be waiting to wrap.
    if (char.length > 1 || width === 2 || cursorX >= wanted.columns) [cursorX, cursorY] = [-1, -1];
    return width;
  };

  for (let y = 0; y < wanted.rows; y++) {
    const tail = blankTail(wanted, y);
    let x = 0;
    while (x < wanted.columns) {
      if (sameCell(wanted, shown, x, y)) {
        x++;
        continue;
      }
      if (wanted.chars[y * wanted.columns + x] === '') x--;
      if (x >= tail && wanted.columns - x > 3) {
        moveTo(x, y);
        out.push(table.change(style, 0), '\u001b[K');
        style = 0;
        break;
      }
      if (cursorY === y && x > cursorX && x - cursorX <= bridge && bridgeable(wanted, cursorX, x, y))
        for (let between = cursorX; between < x; between++) put(between, y);
      moveTo(x, y);
      x += put(x, y);
    }
  }
  out.push(table.change(style, 0));
  copy(wanted, shown);
  return out.join('');
}

function position(x: number, y: number): string {
  if (x === 0) return y === 0 ? '\u001b[H' : `\u001b[${y + 1}H`;
  return `\u001b[${y + 1};${x + 1}H`;
}

function sameCell(wanted: Grid, shown: Grid, x: number, y: number): boolean {
  const at = y * wanted.columns + x;
  return wanted.chars[at] === shown.chars[at] && wanted.styles[at] === shown.styles[at];
}

/** Cells between, all of one column and one style with what stands before: no style change worth a jump. */
function bridgeable(wanted: Grid, from: number, to: number, y: number): boolean {
  const row = y * wanted.columns;
  for (let x = from; x < to; x++) {
    if (wanted.chars[row + x] === '' || wanted.chars[row + x + 1] === '') return false;
    if (wanted.styles[row + x] !== wanted.styles[row + to]) return false;
  }
  return true;
}

/** The first column from which the row is blank to its end. */
function blankTail(grid: Grid, y: number): number {
  const row = y * grid.columns;
  let x = grid.columns;
  while (x > 0 && grid.chars[row + x - 1] === ' ' && grid.styles[row + x - 1] === 0) x--;
  return x;
}

function copy(from: Grid, to: Grid): void {
  for (let i = 0; i < from.chars.length; i++) to.chars[i] = from.chars[i] ?? ' ';
  to.styles.set(from.styles);
}
