import ContribLine from 'blessed-contrib/lib/widget/charts/line.js';
import type { Line, Theme, Tone } from '../theme.ts';
import { chartColour, drawWidget } from './draw.ts';

/** One curve; values oldest first, the newest at the right edge. */
export interface Curve {
  readonly values: readonly number[];
  readonly tone: Tone;
}

export interface LineChartOptions {
  readonly curves: readonly Curve[];
  /** Values that the width holds, a second apart. */
  readonly span: number;
  /** At least this is the top of the axis. */
  readonly atLeast: number;
  readonly width: number;
  readonly height: number;
  readonly theme: Theme;
}

/** A braille line chart with its axis, drawn by blessed-contrib: `height` lines of `width` cells. */
export function lineChart(options: LineChartOptions): Line[] {
  const { theme, height, curves, span } = options;
  const width = options.width - (options.width % 2);
  if (width < 16 || height < 5) return [];
  const top = niceTop(Math.max(options.atLeast, ...curves.flatMap(curve => curve.values)));
  const widget = new ContribLine({
    width: width + 6,
    height: height + 2,
    maxY: top,
    minY: 0,
    showNthLabel: Math.ceil(span / 4),
    numYLabels: Math.max(2, Math.min(4, Math.floor(height / 3))),
    xLabelPadding: 3,
    xPadding: 5,
    style: {
      line: chartColour('used', theme),
      text: chartColour('dim', theme),
      baseline: chartColour('faint', theme),
    },
  });
  const x = Array.from({ length: span }, (_, i) => labelAt(i, span));
  const data = curves.map(curve => ({
    title: '',
    x,
    y: resample(curve.values, span),
    style: { line: chartColour(curve.tone, theme) },
  }));
  return drawWidget(widget, data, height, theme);
}

/** Before its first value a curve is drawn as if it had been that. */
function resample(values: readonly number[], span: number): number[] {
  const recent = values.slice(-span);
  return [...new Array<number>(span - recent.length).fill(recent[0] ?? 0), ...recent];
}

/** How long ago, such as "3m" or "45s"; the widget prints every fourth part of them. */
function labelAt(index: number, span: number): string {
  const ago = span - index;
  return ago % 60 === 0 ? `${ago / 60}m` : `${ago}s`;
}

/** The next of 1, 2, 2.5, 5 times a power of ten. */
function niceTop(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 2.5, 5, 10].find(factor => factor * power >= value * 1.02) ?? 10;
  return step * power;
}
