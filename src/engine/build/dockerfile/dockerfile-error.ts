import { type ErrorKind, PlimsollError } from '../../../errors.ts';

/** The text of a Dockerfile and the name under which errors speak of it. */
export interface DockerfileSource {
  readonly file: string;
  readonly text: string;
}

/** 1-based, both ends included. */
export interface LineRange {
  readonly start: number;
  readonly end: number;
}

export interface DockerfileErrorOptions {
  readonly hint?: string;
  readonly kind?: ErrorKind;
  /** Default `DOCKERFILE_INVALID`. */
  readonly code?: string;
  readonly cause?: unknown;
  /** The last lines that a failing command wrote; shown below the excerpt. */
  readonly output?: string;
  readonly exitCode?: number;
}

/** A mistake in a Dockerfile, or a step of it that failed. The message ends with the lines in question, marked. */
export class DockerfileError extends PlimsollError {
  override readonly name: string = 'DockerfileError';
  readonly file: string;
  readonly lines: LineRange;
  /** The sentence alone, with file and line in front. */
  readonly summary: string;
  /** Some lines of the Dockerfile, the wrong ones marked with `>>>`. */
  readonly excerpt: string;

  constructor(
    source: DockerfileSource,
    lines: LineRange,
    sentence: string,
    options: DockerfileErrorOptions = {},
  ) {
    const summary = `${source.file}:${lines.start}: ${sentence}`;
    const excerpt = excerptOf(source.text, lines);
    const { hint, kind = 'invalid-argument', code = 'DOCKERFILE_INVALID', cause, output, exitCode } = options;
    super(kind, [summary, excerpt, ...(output ? [output] : [])].join('\n\n'), {
      code,
      data: {
        file: source.file,
        line: lines.start,
        endLine: lines.end,
        excerpt,
        ...(output === undefined ? {} : { output }),
        ...(exitCode === undefined ? {} : { exitCode }),
      },
      ...(hint === undefined ? {} : { hint }),
      ...(cause === undefined ? {} : { cause }),
    });
    this.file = source.file;
    this.lines = lines;
    this.summary = summary;
    this.excerpt = excerpt;
  }
}

const CONTEXT_LINES = 2;
const MOST_MARKED_LINES = 12;
const LONGEST_LINE = 400;

function excerptOf(text: string, { start, end }: LineRange): string {
  const all = text.replace(/\r?\n$/, '').split(/\r?\n/);
  const last = Math.min(end, start + MOST_MARKED_LINES - 1, all.length);
  const from = Math.max(1, start - CONTEXT_LINES);
  const to = Math.min(all.length, last + CONTEXT_LINES);
  const width = String(to).length;
  const rows: string[] = [];
  for (let line = from; line <= to; line++) {
    const mark = line >= start && line <= last ? '>>>' : '   ';
    rows.push(`${String(line).padStart(width)} | ${mark} ${shortened(all[line - 1] ?? '')}`.trimEnd());
  }
  return rows.join('\n');
}

function shortened(line: string): string {
  return line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line;
}
