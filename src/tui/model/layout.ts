import { footerHeight } from './notice-lines.ts';
import { visibleRows } from './selectors.ts';
import type { State } from './state.ts';

/** A part of the screen, in cells. */
export interface Area {
  readonly width: number;
  readonly height: number;
}

/** How the screen is parted. A part of height 0 is not shown. */
export interface Layout {
  readonly header: number;
  /** 5 or 6 with a box, 3 with a legend, 2 with bars only. */
  readonly loadLine: number;
  readonly list: Area;
  readonly detail: Area;
  /** The column at the right with what is going on; width 0 where there is no room. */
  readonly side: Area;
  readonly footer: number;
}

/** Parts the screen for its size: from 160x45 with everything down to 40x10 with the bars and the list. */
export function layoutOf(state: State): Layout {
  const { columns, rows } = state.size;
  const header = rows >= 16 ? 1 : 0;
  const loadLine = rows >= 30 && columns >= 60 ? 5 : rows >= 16 ? 3 : 2;
  const footer = footerHeight(state);
  const body = Math.max(0, rows - header - loadLine - footer);
  const sideWidth =
    columns >= 150 && body >= 16 && !state.zoomed ? Math.min(52, Math.floor(columns * 0.3)) : 0;
  const width = columns - sideWidth;
  const side = { width: sideWidth, height: sideWidth === 0 ? 0 : body };
  const whole = { width, height: body };
  const none = { width, height: 0 };
  const parts = { header, loadLine, footer, side };
  const count = visibleRows(state).length;
  // How the machine was used can be shown without any container.
  const hasDetails = count > 0 || state.noun === 'capacity';
  const split = !state.zoomed && body >= 13 && hasDetails;
  if (!split) {
    const detailOnly = state.focus === 'detail' && hasDetails;
    return { ...parts, list: detailOnly ? none : whole, detail: detailOnly ? whole : none };
  }
  const share = Math.round(body * (body >= 30 ? 0.5 : 0.46));
  // A short list leaves its room to the details; a few rows stay for what may come.
  const needed = count + 5;
  const listHeight = Math.max(6, Math.min(share, Math.max(needed, 10)));
  return {
    ...parts,
    list: { width, height: listHeight },
    detail: { width, height: body - listHeight },
  };
}

/** Rows of the list between its edges and its head. */
export function listRows(layout: Layout): number {
  return Math.max(1, layout.list.height - 3);
}

/** Lines of the detail pane between its edges. */
export function detailRows(layout: Layout): number {
  return Math.max(1, layout.detail.height - 2);
}
