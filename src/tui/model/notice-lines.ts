import { cellWidth, wrapWords } from '../../lib/cell-text.ts';
import type { Notice, State } from './state.ts';

/** Cells before a notice, for its sign, and after it. */
const margin = 4;

/** A notice as it is shown at the bottom: on one line where there is room, else with its hint below it. */
export interface NoticeLines {
  readonly text: readonly string[];
  /** `beside` the text, or on lines of its own. */
  readonly hint: readonly string[];
  readonly beside: boolean;
}

/** Lines of a notice on a screen of this width. */
export function noticeLines({ text, hint }: Notice, columns: number): NoticeLines {
  const room = Math.max(8, columns - margin);
  if (hint === undefined) return { text: wrapWords(text, room), hint: [], beside: false };
  if (cellWidth(text) + cellWidth(hint) + margin <= room) return { text: [text], hint: [hint], beside: true };
  return { text: wrapWords(text, room), hint: wrapWords(hint, room), beside: false };
}

/** Rows at the bottom of the screen: one, or as many as a notice takes, up to a third of the screen. */
export function footerHeight({ notice, prompt, size }: State): number {
  if (notice === undefined || prompt !== undefined) return 1;
  const { text, hint, beside } = noticeLines(notice, size.columns);
  const lines = text.length + (beside ? 0 : hint.length);
  return Math.min(lines, Math.max(1, Math.floor(size.rows / 3)));
}
