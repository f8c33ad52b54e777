import { html, type Markup } from './markup.ts';

/** A curve over time: moments in milliseconds, and values. */
export interface SvgChart {
  readonly points: readonly { readonly time: number; readonly value: number }[];
  readonly since: number;
  readonly until: number;
  /** The top of the picture. */
  readonly top: number;
  /** Values that are shown as lines, each with the class that it is styled by. */
  readonly lines: readonly { readonly value: number; readonly kind: string }[];
  readonly width: number;
  readonly height: number;
  /** What it shows, for those who do not see it. */
  readonly label: string;
}

/** An area chart as SVG. Points that are far from one another are not joined: nothing was measured between them. */
export function svgChart({ points, since, until, top, lines, width, height, label }: SvgChart): Markup {
  const x = (time: number) => round(((time - since) / Math.max(1, until - since)) * width);
  const y = (value: number) =>
    round(height - (Math.min(value, top) / Math.max(top, Number.MIN_VALUE)) * height);
  const areas = stretches(points).map(stretch => {
    const curve = stretch.map(({ time, value }) => `${x(time)},${y(value)}`).join(' ');
    const [first, last] = [x(stretch[0]?.time ?? 0), x(stretch.at(-1)?.time ?? 0)];
    return html`<polygon class="use" points="${`${first},${height} ${curve} ${last},${height}`}"/>`;
  });
  const marks = lines
    .filter(({ value }) => value <= top)
    .map(
      ({ value, kind }) =>
        html`<line class="${kind}" x1="0" x2="${width}" y1="${y(value)}" y2="${y(value)}"/>`,
    );
  return html`<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}" preserveAspectRatio="none">${areas}${marks}</svg>`;
}

/** Points in runs without a gap: one is much longer than the usual distance. */
function stretches(points: SvgChart['points']): SvgChart['points'][] {
  const steps = points.slice(1).map((point, i) => point.time - (points[i]?.time ?? 0));
  const usual = steps.toSorted((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 0;
  const runs: { time: number; value: number }[][] = [];
  points.forEach((point, i) => {
    const run = runs.at(-1);
    if (run === undefined || (steps[i - 1] ?? 0) > usual * 2.5) runs.push([point]);
    else run.push(point);
  });
  return runs;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
