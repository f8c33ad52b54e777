import type { Glyphs, Span, Tone } from './theme.ts';

/** One part of a stacked bar. */
export interface Segment {
  readonly value: number;
  readonly glyph: string;
  readonly tone: Tone;
}

/**
 * A bar of exactly `width` cells, split among the segments in proportion (largest remainder); a part that is not
 * nothing gets at least one cell, so that it is seen.
 */
export function stackedBar(segments: readonly Segment[], width: number): Span[] {
  const cells = shareCells(
    segments.map(segment => Math.max(0, segment.value)),
    width,
  );
  return segments.flatMap((segment, i): Span[] => {
    const count = cells[i] ?? 0;
    return count === 0 ? [] : [[segment.glyph.repeat(count), segment.tone]];
  });
}

/** A thin bar of one share (0..1) in halves of a cell, on a faint track. */
export function meter(share: number, width: number, tone: Tone, glyphs: Glyphs): Span[] {
  const steps = glyphs.meter.length;
  const filled = Math.round(Math.max(0, Math.min(1, share)) * width * steps);
  const whole = Math.floor(filled / steps);
  const part = filled % steps === 0 ? '' : (glyphs.meter[(filled % steps) - 1] ?? '');
  const track = glyphs.track.repeat(Math.max(0, width - whole - part.length));
  return [
    [(glyphs.meter[steps - 1] ?? '=').repeat(whole) + part, tone],
    [track, 'faint'],
  ];
}

/** The last `width` values as little columns; `max` is the height of a full one. Missing ones are blank. */
export function sparkline(values: readonly number[], width: number, max: number, glyphs: Glyphs): string {
  if (width <= 0) return '';
  const recent = values.slice(-width);
  const top = glyphs.spark.length - 1;
  const columns = recent.map(value => {
    const level = max <= 0 ? 0 : Math.round((Math.max(0, value) / max) * top);
    return glyphs.spark[Math.min(top, level)] ?? ' ';
  });
  return ' '.repeat(width - columns.length) + columns.join('');
}

function shareCells(values: readonly number[], width: number): number[] {
  const sum = values.reduce((total, value) => total + value, 0);
  if (sum <= 0) return values.map((_, i) => (i === values.length - 1 ? width : 0));
  const exact = values.map(value => (value / sum) * width);
  const cells = exact.map((value, i) => Math.max(Math.floor(value), (values[i] ?? 0) > sum / 1000 ? 1 : 0));
  let left = width - cells.reduce((total, count) => total + count, 0);
  const byRemainder = exact
    .map((value, i) => [i, value - (cells[i] ?? 0)] as const)
    .sort((a, b) => b[1] - a[1]);
  for (let k = 0; left > 0; k++, left--) {
    const [i] = byRemainder[k % byRemainder.length] ?? [0];
    cells[i] = (cells[i] ?? 0) + 1;
  }
  while (left < 0) {
    const widest = cells.indexOf(Math.max(...cells));
    cells[widest] = (cells[widest] ?? 0) - 1;
    left++;
  }
  return cells;
}
