import { EventEmitter } from 'node:events';
import { cellDiff } from './cell-diff.ts';
import { compose } from './compose.ts';
import { Grid } from './grid.ts';
import { RowTable } from './row-table.ts';
import { StyleTable } from './style.ts';

/** The part of a terminal's output stream that the writer needs. */
export interface TerminalOutput {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  write(data: string): unknown;
  on(event: 'resize', listener: () => void): unknown;
  off(event: 'resize', listener: () => void): unknown;
}

const modes = /\u001b\[\?([\d;]+)([hl])|\u001b\[[<>=][\d;]*u/g;

/**
 * Ink's standard output: takes whole frames (or Ink's own differences), and sends the terminal only the cells that
 * changed. Made for slow links: an unchanged frame sends nothing. Modes (alternate screen, cursor, paste) pass at
 * once, so that they are in effect even if the process ends in the same breath.
 */
export class CellWriter extends EventEmitter {
  readonly #table = new StyleTable();
  readonly isTTY = true;
  readonly writable = true;
  readonly destroyed = false;
  readonly writableEnded = false;
  /** Finished rows, which stand in Ink's frames as one character each. */
  readonly finished = new RowTable(this.#table);
  /** Bytes sent to the terminal so far. */
  bytesWritten = 0;
  readonly #output: TerminalOutput;
  /** What Ink drew: characters, of which some stand for whole rows. */
  readonly #drawn: Grid;
  readonly #wanted: Grid;
  readonly #shown: Grid;
  #depth = 0;
  #dirty = false;
  #repaint = true;
  #alternate: boolean;
  #cursorShown: boolean | undefined;
  readonly #onResize = (): void => this.#resized();

  /** `alternate`: the terminal is on its alternate screen already (the skeleton entered it). */
  constructor(output: TerminalOutput, options: { alternate?: boolean } = {}) {
    super();
    this.#output = output;
    this.#alternate = options.alternate ?? false;
    const { columns, rows } = terminalSize(output);
    this.#drawn = new Grid(columns, rows, this.#table);
    this.#wanted = new Grid(columns, rows, this.#table);
    this.#shown = new Grid(columns, rows, this.#table);
    output.on('resize', this.#onResize);
  }

  get columns(): number {
    return this.#wanted.columns;
  }

  get rows(): number {
    return this.#wanted.rows;
  }

  /** Takes what Ink writes. The frame goes out when its synchronized-output bracket closes. */
  write(data: string | Uint8Array, ...rest: unknown[]): boolean {
    const text = typeof data === 'string' ? data : Buffer.from(data).toString('utf8');
    let from = 0;
    for (const match of text.matchAll(modes)) {
      this.#draw(text.slice(from, match.index));
      from = match.index + match[0].length;
      this.#mode(match[0], match[1], match[2]);
    }
    this.#draw(text.slice(from));
    if (this.#dirty && this.#depth === 0) queueMicrotask(() => this.#flush());
    for (const callback of rest) if (typeof callback === 'function') callback();
    return true;
  }

  /** Sends a sequence that changes no cell (such as OSC 52) straight to the terminal. */
  passThrough(sequence: string): void {
    this.#send(sequence);
  }

  /** Forgets what the terminal shows: the next frame is sent whole. */
  repaint(): void {
    this.#repaint = true;
    this.#dirty = true;
  }

  /** Sends all cells of the frame that is there. */
  redraw(): void {
    this.repaint();
    if (this.#depth === 0) this.#flush();
  }

  /** Stops listening, and puts the terminal back to its main screen with a cursor if that was not done. */
  close(): void {
    this.#output.off('resize', this.#onResize);
    if (this.#alternate) this.#send('\u001b[?2004l\u001b[?1049l');
    if (this.#cursorShown === false || this.#alternate) this.#send('\u001b[?25h');
    this.#alternate = false;
    this.#cursorShown = true;
  }

  #draw(text: string): void {
    if (text === '') return;
    this.#drawn.feed(text);
    this.#dirty = true;
  }

  #mode(sequence: string, number: string | undefined, set: string | undefined): void {
    const on = set === 'h';
    if (number === '2026') {
      this.#depth = Math.max(0, this.#depth + (on ? 1 : -1));
      if (this.#depth === 0) this.#flush();
    } else if (number === '1049') this.#switchScreen(sequence, on);
    else if (number === '25') {
      if (this.#cursorShown !== on) this.#send(sequence);
      this.#cursorShown = on;
    } else this.#send(sequence);
  }

  #switchScreen(sequence: string, on: boolean): void {
    if (on !== this.#alternate) this.#send(sequence);
    this.#alternate = on;
    this.#drawn.clear();
    this.#repaint = true;
    this.#dirty = on;
  }

  #resized(): void {
    const { columns, rows } = terminalSize(this.#output);
    if (columns === this.columns && rows === this.rows) return;
    this.#drawn.resize(columns, rows);
    this.#wanted.resize(columns, rows);
    this.#shown.resize(columns, rows);
    this.repaint();
    this.emit('resize');
  }

  #flush(): void {
    if (!this.#dirty || !this.#alternate) return;
    this.#dirty = false;
    const clear = this.#repaint ? '\u001b[m\u001b[2J' : '';
    if (this.#repaint) this.#shown.clear();
    this.#repaint = false;
    compose(this.#drawn, this.#wanted, this.finished);
    const changes = clear + cellDiff(this.#wanted, this.#shown, this.#table);
    if (changes !== '') this.#send(`\u001b[?2026h${changes}\u001b[?2026l`);
  }

  #send(bytes: string): void {
    this.bytesWritten += Buffer.byteLength(bytes);
    this.#output.write(bytes);
  }
}

/** The terminal's size; a web terminal that says 0 by 0 gets the classic 80 by 24. */
export function terminalSize(output: {
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}): {
  columns: number;
  rows: number;
} {
  return { columns: output.columns || 80, rows: output.rows || 24 };
}
