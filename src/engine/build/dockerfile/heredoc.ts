import type { Heredoc } from './syntax-tree.ts';
import { splitWords } from './words.ts';

/** A `<<NAME` whose lines have not been read yet. */
export type HeredocStart = Omit<Heredoc, 'content'>;

/** The here-documents that an instruction's line opens, in order; `<<` inside quotes or words opens none. */
export function heredocsOf(line: string, escaper: string): HeredocStart[] {
  return splitWords(line, escaper).flatMap(word => parseHeredocWord(word) ?? []);
}

/** Reads a word `<<NAME`, `<<-NAME`, `<<"NAME"` or `3<<NAME`; anything else is no here-document. */
export function parseHeredocWord(word: string): HeredocStart | undefined {
  const [, dash, written] = /^\d*<<(-?)([^<]+)$/.exec(word) ?? [];
  if (written === undefined) return undefined;
  const name = written.replaceAll(/["'\\]/g, '');
  if (name === '' || /\s/.test(name)) return undefined;
  return { name, chomp: dash === '-', expand: name === written };
}

/**
 * Collects the lines of one here-document, which begin at `lines[from]`. Undefined if its end never comes;
 * `next` is the line after the terminator.
 */
export function readHeredoc(
  start: HeredocStart,
  lines: readonly string[],
  from: number,
): { heredoc: Heredoc; next: number } | undefined {
  let content = '';
  for (let at = from; at < lines.length; at++) {
    const raw = (lines[at] ?? '').replace(/\r$/, '');
    const line = start.chomp ? raw.replace(/^\t+/, '') : raw;
    if (line === start.name) return { heredoc: { ...start, content }, next: at + 1 };
    content += `${line}\n`;
  }
  return undefined;
}
