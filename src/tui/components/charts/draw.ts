import type { Line, Theme, Tone } from '../theme.ts';

/** A colour as blessed-contrib takes it fastest: a name for one of eight, or the number of one of 256. */
export type ChartColour = string | number;

/** Tones as colours of a chart. */
const named: Readonly<Partial<Record<Tone, string>>> = {
  used: 'cyan',
  accent: 'cyan',
  reserved: 'yellow',
  warn: 'yellow',
  rest: 'magenta',
  good: 'green',
  bad: 'red',
  first: 'cyan',
  second: 'green',
  third: 'blue',
  fourth: 'red',
};
const indexed: Readonly<Partial<Record<Tone, number>>> = {
  used: 37,
  accent: 37,
  reserved: 172,
  warn: 172,
  rest: 97,
  good: 71,
  bad: 167,
  first: 37,
  second: 71,
  third: 68,
  fourth: 132,
  dim: 245,
  faint: 240,
};

/** The colour of a tone in a chart. */
export function chartColour(tone: Tone, theme: Theme): ChartColour {
  const { colours } = theme.capabilities;
  if (colours === '16' || colours === 'none') return named[tone] ?? 'normal';
  return indexed[tone] ?? 'normal';
}

interface CanvasWidget {
  readonly ctx: Pen & { readonly _canvas: { frame(delimiter: string): string } };
  emit(event: 'attach'): void;
  setData(data: unknown): void;
}

interface Pen {
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
}

/** Has a blessed-contrib widget draw off-screen: `height` lines of the cells that it painted. */
export function drawWidget(widget: CanvasWidget, data: unknown, height: number, theme: Theme): Line[] {
  widget.emit('attach');
  liftAtGaps(widget.ctx);
  widget.setData(data);
  const rows = widget.ctx._canvas.frame('\n').split('\n').slice(0, height);
  const plain = theme.capabilities.colours === 'none';
  return rows.map(row => ({ spans: [[plain ? row.replace(/\u001b\[[\d;]*m/g, '') : row, 'ready']] }));
}

/** Where a value is NaN, nothing is drawn: blessed-contrib knows no gaps, and would draw a line across them. */
function liftAtGaps(pen: Pen): void {
  const drawTo = pen.lineTo.bind(pen);
  let isUp = false;
  pen.lineTo = (x, y) => {
    if (Number.isNaN(y)) {
      isUp = true;
      return;
    }
    if (isUp) pen.moveTo(x, y); // and a dot, should the next be missing too
    isUp = false;
    drawTo(x, y);
  };
}
