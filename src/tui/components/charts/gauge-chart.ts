import ContribGauge from 'blessed-contrib/lib/widget/gauge.js';
import type { Line, Theme, Tone } from '../theme.ts';
import { chartColour, drawWidget } from './draw.ts';

/** A wide gauge of one share (0..1) with its percentage, drawn by blessed-contrib: two lines of `width` cells. */
export function gaugeChart(share: number, tone: Tone, width: number, theme: Theme): Line[] {
  if (width < 12) return [];
  const widget = new ContribGauge({
    width: width + 2,
    height: 5,
    stroke: chartColour(tone, theme),
    fill: 'white',
  });
  const percent = Math.max(0, Math.min(100, Math.round(share * 100)));
  return drawWidget(widget, Math.max(1.01, percent), 5, theme).slice(2, 4);
}
