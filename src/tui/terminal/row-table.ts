import { Grid } from './grid.ts';
import type { StyleTable } from './style.ts';

/** First and last of the private-use characters that stand for rows. */
const firstMark = 0xe000;
const lastMark = 0xf8ff;

/** A finished row of cells, parsed once. */
export interface Row {
  readonly chars: readonly string[];
  readonly styles: Uint32Array;
  /** Rows of a higher layer lie over those of a lower one. */
  readonly layer: number;
}

/**
 * Finished rows, each standing in Ink's frames as one private-use character. Ink lays out and draws the characters; the
 * writer puts the rows' cells in their place. A row is so parsed when it first appears, and not with each frame, which
 * is most of what a frame costs in Ink (30 ms of 40 at 120x40).
 */
export class RowTable {
  readonly #styles: StyleTable;
  readonly #marks = new Map<string, string>();
  readonly #rows = new Map<string, { readonly row: Row; readonly key: string }>();
  #next = firstMark;
  #shown: ReadonlySet<string> = new Set();

  constructor(styles: StyleTable) {
    this.#styles = styles;
  }

  /** The character that stands for this row of `width` cells. Equal rows have the same one, while they are in use. */
  markOf(text: string, width: number, layer: number): string {
    const key = `${layer} ${width} ${text}`;
    const known = this.#marks.get(key);
    if (known !== undefined) return known;
    const grid = new Grid(width, 1, this.#styles);
    grid.feed(text);
    const mark = this.#freeMark();
    this.#marks.set(key, mark);
    this.#rows.set(mark, { row: { chars: grid.chars, styles: grid.styles, layer }, key });
    return mark;
  }

  /** The row that the character stands for, if it stands for one. */
  rowOf(mark: string): Row | undefined {
    return this.#rows.get(mark)?.row;
  }

  /** Says which characters are on the screen: they are not given to other rows. */
  keep(shown: ReadonlySet<string>): void {
    this.#shown = shown;
  }

  /** The next character in turn; what it stood for long ago is forgotten. */
  #freeMark(): string {
    for (;;) {
      const mark = String.fromCharCode(this.#next);
      this.#next = this.#next === lastMark ? firstMark : this.#next + 1;
      if (this.#shown.has(mark)) continue;
      const old = this.#rows.get(mark);
      if (old !== undefined) this.#marks.delete(old.key);
      this.#rows.delete(mark);
      return mark;
    }
  }
}

/** True for a character that may stand for a row. */
export function isMark(char: string): boolean {
  const code = char.charCodeAt(0);
  return code >= firstMark && code <= lastMark;
}
