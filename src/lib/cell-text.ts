import stringWidth from 'string-width';

/**
 * Text measured in terminal cells: a CJK letter takes two, a combining mark none, a colour code none.
 * @module
 */

const plain = /^[\u0020-\u007e\u00a1-\u00ac\u00ae-\u02ff\u2500-\u259f\u2800-\u28ff]*$/;
const sgr = /(\u001b\[[\d;]*m)/;
const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Cells that the text takes; colour codes take none. */
export function cellWidth(text: string): number {
  return plain.test(text) ? text.length : stringWidth(text);
}

/** Exactly `width` cells: cut with an ellipsis, or filled with spaces. */
export function fitCells(
  text: string,
  width: number,
  align: 'left' | 'right' = 'left',
  ellipsis = '…',
): string {
  if (width <= 0) return '';
  const cells = cellWidth(text);
  if (cells === width) return text;
  if (cells > width) return cutCells(text, width, ellipsis);
  const space = ' '.repeat(width - cells);
  return align === 'left' ? text + space : space + text;
}

/** At most `width` cells; what was cut shows as the ellipsis. Colour codes stay whole and are closed. */
export function cutCells(text: string, width: number, ellipsis = '…'): string {
  if (width <= 0) return '';
  if (cellWidth(text) <= width) return text;
  const kept = takeCells(text, width - 1);
  const missing = width - 1 - cellWidth(kept);
  const end = kept.includes('\u001b') ? '\u001b[0m' : '';
  return `${kept}${end}${' '.repeat(Math.max(0, missing))}${ellipsis}`;
}

/** Splits text into lines of at most `width` cells, as a terminal would wrap it. Plain text only (no colour codes). */
export function wrapCells(text: string, width: number): string[] {
  const limit = Math.max(1, width);
  if (cellWidth(text) <= limit) return [text];
  const lines: string[] = [];
  let rest = text;
  while (rest !== '') {
    const line = takeCells(rest, limit) || rest.slice(0, 1);
    lines.push(line);
    rest = rest.slice(line.length);
  }
  return lines;
}

/** Splits a sentence into lines of at most `width` cells between its words; a longer word as a terminal would. */
export function wrapWords(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const longer = lines.length === 0 ? word : `${lines.at(-1)} ${word}`;
    if (lines.length > 0) lines.pop();
    if (cellWidth(longer) <= width) lines.push(longer);
    else
      lines.push(...(longer === word ? [] : [longer.slice(0, -word.length - 1)]), ...wrapCells(word, width));
  }
  return lines;
}

/** The part of the text from cell `from` on, for sideways scrolling. Colour codes before it are kept. */
export function skipCells(text: string, from: number): string {
  if (from <= 0) return text;
  let left = from;
  let kept = '';
  for (const piece of text.split(sgr)) {
    if (piece.startsWith('\u001b')) {
      kept += piece;
      continue;
    }
    if (left <= 0) {
      kept += piece;
      continue;
    }
    for (const { segment, index } of graphemes.segment(piece)) {
      if (left <= 0) {
        kept += piece.slice(index);
        break;
      }
      left -= cellWidth(segment);
    }
  }
  return kept;
}

function takeCells(text: string, width: number): string {
  if (plain.test(text)) return text.slice(0, width);
  let left = width;
  let kept = '';
  for (const piece of text.split(sgr)) {
    if (piece.startsWith('\u001b')) {
      kept += piece;
      continue;
    }
    for (const { segment } of graphemes.segment(piece)) {
      const cells = cellWidth(segment);
      if (cells > left) return kept;
      kept += segment;
      left -= cells;
    }
  }
  return kept;
}
