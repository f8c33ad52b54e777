import ContribLine from 'blessed-contrib/lib/widget/charts/line.js';
import type { Line, Theme, Tone } from '../theme.ts';
import { chartColour, drawWidget } from './draw.ts';

/** One curve; values oldest first, the newest at the right edge. NaN: not measured, a gap. */
export interface Curve {
  readonly values: readonly number[];
  readonly tone: Tone;
}

export interface LineChartOptions {
  readonly curves: readonly Curve[];
  /** Values that the width holds. */
  readonly span: number;
  /** How far they are apart. Default 1. */
  readonly seconds?: number;
  /** At least this is the top of the axis. */
  readonly atLeast: number;
  readonly width: number;
  readonly height: number;
  readonly theme: Theme;
}

/** A braille line chart with its axis, drawn by blessed-contrib: `height` lines of `width` cells. */
export function lineChart(options: LineChartOptions): Line[] {
  const { theme, height, curves, span, seconds = 1 } = options;
  const width = options.width - (options.width % 2);
  if (width < 16 || height < 5) return [];
  const measured = curves.flatMap(curve => curve.values.filter(value => !Number.isNaN(value)));
  // The widget shifts all curves up by two dots of those that are left beside its axis: the highest has to stay in.
  const dots = Math.max(6, 4 * height - 11);
  const labels = Math.max(2, Math.min(4, Math.floor(height / 3)));
  const top = niceTop(Math.max(options.atLeast, ...measured) / (1 - 2.5 / dots), labels);
  const widget = new ContribLine({
    width: width + 6,
    height: height + 2,
    maxY: top,
    minY: 0,
    showNthLabel: Math.ceil(span / 4),
    numYLabels: labels,
    xLabelPadding: 3,
    xPadding: 5,
    style: {
      line: chartColour('used', theme),
      text: chartColour('dim', theme),
      baseline: chartColour('faint', theme),
    },
  });
  const x = Array.from({ length: span }, (_, i) => labelAt((span - i) * seconds));
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

/** How long ago, such as "2d", "5.3d", "18h", "3m" or "45s"; the widget prints every fourth part of them. */
function labelAt(seconds: number): string {
  const whole = units.find(([, each]) => seconds >= each && seconds % each === 0 && seconds < 100 * each);
  const [unit, each] = whole ?? units.find(([, length]) => seconds >= 3 * length) ?? ['s', 1];
  const amount = seconds / each;
  return `${Number(amount.toFixed(amount < 10 ? 1 : 0))}${unit}`;
}

const units = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
] as const;

/** Above the value, and so that what stands at the labels are a few round numbers times a power of ten. */
function niceTop(value: number, labels: number): number {
  if (!(value > 0)) return 1;
  const each = value / labels;
  const power = 10 ** Math.floor(Math.log10(each));
  // The widget writes whole numbers, and two places below one.
  const factors = power > 1 || power === 0.1 ? fine : whole;
  return (factors.find(factor => factor * power >= each) ?? 10) * power * labels;
}

const whole = [1, 2, 3, 4, 5, 6, 8, 10];
const fine = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];
