import type { Line, Theme, Tone } from '../theme.ts';

/** A colour as blessed-contrib takes it: a name for one of eight, or red, green, blue for the nearest of 256. */
export type ChartColour = string | readonly [number, number, number];

/** Tones as colours of a chart. */
const named: Readonly<Partial<Record<Tone, string>>> = {
  used: 'cyan',
  accent: 'cyan',
  reserved: 'yellow',
  warn: 'yellow',
  rest: 'magenta',
  good: 'green',
  bad: 'red',
  faint: 'black',
};
const exact: Readonly<Partial<Record<Tone, readonly [number, number, number]>>> = {
  used: [0, 175, 175],
  accent: [0, 175, 175],
  reserved: [215, 135, 0],
  warn: [215, 135, 0],
  rest: [135, 95, 175],
  good: [95, 175, 95],
  bad: [215, 95, 95],
  dim: [138, 138, 138],
  faint: [88, 88, 88],
};

/** The colour of a tone in a chart. */
export function chartColour(tone: Tone, theme: Theme): ChartColour {
  const { colours } = theme.capabilities;
  if (colours === '16' || colours === 'none') return named[tone] ?? 'normal';
  return exact[tone] ?? 'normal';
}

interface CanvasWidget {
  readonly ctx: { readonly _canvas: { frame(delimiter: string): string } };
  emit(event: 'attach'): void;
  setData(data: unknown): void;
}

/** Has a blessed-contrib widget draw off-screen: `height` lines of the cells that it painted. */
export function drawWidget(widget: CanvasWidget, data: unknown, height: number, theme: Theme): Line[] {
  widget.emit('attach');
  widget.setData(data);
  const rows = widget.ctx._canvas.frame('\n').split('\n').slice(0, height);
  const plain = theme.capabilities.colours === 'none';
  return rows.map(row => ({ spans: [[plain ? row.replace(/\u001b\[[\d;]*m/g, '') : row, 'ready']] }));
}
