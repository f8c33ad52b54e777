import { cellWidth, cutCells } from '../../lib/cell-text.ts';
import type { Line, Span, Theme } from './theme.ts';

/** What a panel is made of. `height` and `width` are those of the whole box, borders counted. */
export interface PanelOptions {
  readonly title: readonly Span[];
  /** In the top edge, at the right. */
  readonly aside?: readonly Span[];
  /** In the bottom edge, at the right: position, hints. */
  readonly foot?: readonly Span[];
  readonly width: number;
  readonly height: number;
  readonly focused: boolean;
}

/** A round box with its title in the top edge around the lines, as finished rows of exactly `width` cells. */
export function panel(lines: readonly Line[], options: PanelOptions, theme: Theme): string[] {
  const { width, height } = options;
  if (height < 2 || width < 4) return blank(width, height, theme);
  const side = theme.render({ spans: [[theme.glyphs.vertical, edge(options)]] }, 1);
  const inner = width - 2;
  const rows = Array.from({ length: height - 2 }, (_, i) => {
    return side + theme.render(lines[i] ?? { spans: [] }, inner) + side;
  });
  return [topEdge(options, theme), ...rows, bottomEdge(options, theme)];
}

/** The lines without a box, as finished rows. */
export function plainRows(lines: readonly Line[], width: number, height: number, theme: Theme): string[] {
  return Array.from({ length: Math.max(0, height) }, (_, i) =>
    theme.render(lines[i] ?? { spans: [] }, width),
  );
}

function blank(width: number, height: number, theme: Theme): string[] {
  return plainRows([], Math.max(0, width), Math.max(0, height), theme);
}

function edge(options: PanelOptions): 'accent' | 'faint' {
  return options.focused ? 'accent' : 'faint';
}

function topEdge(options: PanelOptions, theme: Theme): string {
  const [left, right] = theme.glyphs.corner;
  return edgeRow(left, right, options.title, options.aside ?? [], options, theme);
}

function bottomEdge(options: PanelOptions, theme: Theme): string {
  const [, , left, right] = theme.glyphs.corner;
  return edgeRow(left, right, [], options.foot ?? [], options, theme);
}

function edgeRow(
  left: string,
  right: string,
  title: readonly Span[],
  aside: readonly Span[],
  options: PanelOptions,
  theme: Theme,
): string {
  const tone = edge(options);
  const bar = theme.glyphs.horizontal;
  const room = options.width - 4;
  const start = inEdge(title, room, theme);
  const end = inEdge(aside, room - spansWidth(start) - 1, theme);
  const gap = Math.max(0, room - spansWidth(start) - spansWidth(end));
  const spans: Span[] = [[left + bar, tone], ...start, [bar.repeat(gap), tone], ...end, [bar + right, tone]];
  return theme.render({ spans }, options.width);
}

/** With a space on both sides; left out when there is no room for a useful part. */
function inEdge(spans: readonly Span[], room: number, theme: Theme): Span[] {
  if (spans.length === 0 || room < 5) return [];
  const full = spansWidth(spans) + 2;
  if (full <= room) return [[' '], ...spans, [' ']];
  let left = room - 2;
  const kept: Span[] = [];
  for (const [text, tone = 'text'] of spans) {
    if (left <= 0) break;
    const cut = cutCells(text, left, theme.glyphs.ellipsis);
    kept.push([cut, tone]);
    left -= cellWidth(cut);
  }
  return [[' '], ...kept, [' ']];
}

/** Cells of all the spans together. */
export function spansWidth(spans: readonly Span[]): number {
  return spans.reduce((sum, [text]) => sum + cellWidth(text), 0);
}
