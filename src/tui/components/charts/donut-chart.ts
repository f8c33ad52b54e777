import ContribDonut from 'blessed-contrib/lib/widget/donut.js';
import type { Line, Theme, Tone } from '../theme.ts';
import { chartColour, drawWidget } from './draw.ts';

/** One ring: which share of it is filled, 0..1. */
export interface Ring {
  readonly share: number;
  readonly label: string;
  readonly tone: Tone;
}

/** The last picture: a ring costs milliseconds, and its whole percents seldom change. */
let last: { readonly key: string; readonly theme: Theme; readonly lines: Line[] } | undefined;

/** Rings side by side with their percentage within, drawn by blessed-contrib: `height` lines of `width` cells. */
export function donutChart(rings: readonly Ring[], width: number, height: number, theme: Theme): Line[] {
  if (width < 12 * rings.length || height < 6) return [];
  const whole = rings.map(ring => ({ ...ring, share: Math.round(ring.share * 100) / 100 }));
  const key = JSON.stringify([whole, width, height]);
  if (last?.key !== key || last.theme !== theme)
    last = { key, theme, lines: drawRings(whole, width, height, theme) };
  return last.lines;
}

function drawRings(rings: readonly Ring[], width: number, height: number, theme: Theme): Line[] {
  const radius = Math.max(
    6,
    Math.min(Math.floor((height * 4 - 8) / 2), Math.floor(width / rings.length) - 3),
  );
  const even = width - (width % 2);
  const widget = new ContribDonut({
    width: even + 2.5,
    height: height + 3,
    radius,
    arcWidth: Math.max(2, Math.round(radius / 4)),
    yPadding: 3,
    remainColor: chartColour('faint', theme),
    fill: chartColour('dim', theme),
  });
  const data = rings.map(ring => ({
    percent: Math.max(0.001, Math.min(1, ring.share)),
    label: ring.label,
    color: chartColour(ring.tone, theme),
  }));
  return drawWidget(widget, data, height, theme);
}
