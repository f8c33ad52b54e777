import { cellWidth } from '../../lib/cell-text.ts';
import type { StyleTable } from './style.ts';

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/**
 * A screen of cells, and the small part of a terminal that Ink writes for: text, line feeds, cursor moves, erasing and
 * SGR. It is what the screen should look like once all that was written has been obeyed.
 */
export class Grid {
  columns: number;
  rows: number;
  /** A grapheme for each cell, row by row; empty: the second half of a wide one. */
  chars: string[];
  styles: Uint32Array;
  readonly #table: StyleTable;
  #x = 0;
  #y = 0;
  #style = 0;

  constructor(columns: number, rows: number, table: StyleTable) {
    this.columns = columns;
    this.rows = rows;
    this.chars = new Array<string>(columns * rows).fill(' ');
    this.styles = new Uint32Array(columns * rows);
    this.#table = table;
  }

  /** Changes the size; what fits is kept. */
  resize(columns: number, rows: number): void {
    const chars = new Array<string>(columns * rows).fill(' ');
    const styles = new Uint32Array(columns * rows);
    for (let y = 0; y < Math.min(rows, this.rows); y++)
      for (let x = 0; x < Math.min(columns, this.columns); x++) {
        chars[y * columns + x] = this.chars[y * this.columns + x] ?? ' ';
        styles[y * columns + x] = this.styles[y * this.columns + x] ?? 0;
      }
    Object.assign(this, { chars, styles, columns, rows });
    this.#x = Math.min(this.#x, columns);
    this.#y = Math.min(this.#y, rows - 1);
  }

  clear(): void {
    this.chars.fill(' ');
    this.styles.fill(0);
    this.#x = 0;
    this.#y = 0;
    this.#style = 0;
  }

  /** Obeys what Ink wrote. Sequences it does not know change nothing. */
  feed(text: string): void {
    let i = 0;
    while (i < text.length) {
      const code = text.charCodeAt(i);
      if (code === 0x1b) i = this.#escape(text, i);
      else if (code < 0x20 || code === 0x7f) {
        this.#control(code);
        i++;
      } else i = this.#print(text, i, code);
    }
  }

  #control(code: number): void {
    if (code === 0x0d) this.#x = 0;
    if (code !== 0x0a) return;
    this.#x = 0;
    this.#down();
  }

  #down(): void {
    if (this.#y < this.rows - 1) {
      this.#y++;
      return;
    }
    this.chars.copyWithin(0, this.columns);
    this.chars.fill(' ', this.columns * (this.rows - 1));
    this.styles.copyWithin(0, this.columns);
    this.styles.fill(0, this.columns * (this.rows - 1));
  }

  #print(text: string, i: number, code: number): number {
    const next = text.charCodeAt(i + 1);
    if (isSingle(code) && (Number.isNaN(next) || isSingle(next) || next < 0x20)) {
      this.#put(text.charAt(i), 1);
      return i + 1;
    }
    const segment =
      graphemes
        .segment(text.slice(i, i + 64))
        [Symbol.iterator]()
        .next().value?.segment ?? '';
    const grapheme = segment === '' ? text.charAt(i) : segment;
    const width = cellWidth(grapheme);
    if (width > 0) this.#put(grapheme, width > 1 ? 2 : 1);
    return i + grapheme.length;
  }

  #put(grapheme: string, width: number): void {
    if (this.#x + width > this.columns) {
      this.#x = 0;
      this.#down();
    }
    const at = this.#y * this.columns + this.#x;
    if (this.chars[at] === '' && this.#x > 0) this.chars[at - 1] = ' ';
    if (this.chars[at + width] === '' && this.#x + width < this.columns) this.chars[at + width] = ' ';
    this.chars[at] = grapheme;
    this.styles[at] = this.#style;
    if (width === 2) {
      this.chars[at + 1] = '';
      this.styles[at + 1] = this.#style;
    }
    this.#x += width;
  }

  #escape(text: string, i: number): number {
    if (text.charAt(i + 1) !== '[') return skipOther(text, i);
    let end = i + 2;
    while (end < text.length && (text.charCodeAt(end) < 0x40 || text.charCodeAt(end) > 0x7e)) end++;
    this.#csi(text.charAt(end), text.slice(i + 2, end));
    return end + 1;
  }

  #csi(final: string, parameters: string): void {
    if (final === 'm') {
      this.#style = this.#table.apply(this.#style, parameters);
      return;
    }
    const [first = 0, second = 0] = parameters.split(';').map(Number);
    const n = Math.max(1, first);
    if (final === 'A') this.#move(this.#x, this.#y - n);
    else if (final === 'B') this.#move(this.#x, this.#y + n);
    else if (final === 'C') this.#move(this.#x + n, this.#y);
    else if (final === 'D') this.#move(Math.min(this.#x, this.columns - 1) - n, this.#y);
    else if (final === 'E') this.#move(0, this.#y + n);
    else if (final === 'F') this.#move(0, this.#y - n);
    else if (final === 'G') this.#move(n - 1, this.#y);
    else if (final === 'H') this.#move(Math.max(1, second) - 1, n - 1);
    else if (final === 'K') this.#eraseLine(first);
    else if (final === 'J') this.#eraseScreen(first);
  }

  #move(x: number, y: number): void {
    this.#x = Math.max(0, Math.min(x, this.columns - 1));
    this.#y = Math.max(0, Math.min(y, this.rows - 1));
  }

  #eraseLine(mode: number): void {
    const start = this.#y * this.columns;
    const x = Math.min(this.#x, this.columns - 1);
    if (mode === 0) this.#blank(start + x, start + this.columns);
    else if (mode === 1) this.#blank(start, start + x + 1);
    else this.#blank(start, start + this.columns);
  }

  #eraseScreen(mode: number): void {
    const at = this.#y * this.columns + Math.min(this.#x, this.columns - 1);
    if (mode === 0) this.#blank(at, this.chars.length);
    else if (mode === 1) this.#blank(0, at + 1);
    else this.#blank(0, this.chars.length);
  }

  #blank(from: number, to: number): void {
    this.chars.fill(' ', from, to);
    this.styles.fill(0, from, to);
  }
}

/** One cell wide for certain, and never the start or the end of a longer grapheme. */
function isSingle(code: number): boolean {
  return (
    (code >= 0x20 && code < 0x7f) ||
    (code >= 0xae && code < 0x300) ||
    (code >= 0x2500 && code <= 0x259f) ||
    (code >= 0x2800 && code <= 0x28ff)
  );
}

/** Past an OSC, a DCS or a two-character escape: none of them belongs in a frame. */
function skipOther(text: string, i: number): number {
  const kind = text.charAt(i + 1);
  if (!/[\]PX^_]/.test(kind)) return i + 2;
  const rest = /\u0007|\u001b\\/g;
  rest.lastIndex = i + 2;
  const end = rest.exec(text);
  return end === null ? text.length : rest.lastIndex;
}
