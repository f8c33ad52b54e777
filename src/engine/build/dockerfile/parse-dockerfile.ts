import { parseDirectives } from './directives.ts';
import { DockerfileError, type DockerfileSource } from './dockerfile-error.ts';
import { heredocsOf, readHeredoc } from './heredoc.ts';
import { parseLine } from './parse-line.ts';
import type { Heredoc, SyntaxNode, SyntaxTree } from './syntax-tree.ts';

/**
 * Reads a Dockerfile's lines into a tree: joins continued lines, takes comments out, collects here-documents.
 * Throws `DockerfileError` for a file without instructions or an instruction whose form cannot be read.
 */
export function parseDockerfile(source: DockerfileSource): SyntaxTree {
  const lines = source.text.replace(/^\uFEFF/, '').split('\n');
  if (lines.at(-1) === '') lines.pop();
  const directives = parseDirectives(source, lines);
  const nodes: SyntaxNode[] = [];
  const emptyContinuations: number[] = [];
  let comments: string[] = [];
  let at = directives.count;
  while (at < lines.length) {
    const logical = readLogicalLine(lines, at, directives.escape);
    if (logical.text === '') {
      comments = commentsAfter(comments, lines[at] ?? '');
      at = logical.next;
      continue;
    }
    const start = logical.first + 1;
    const { heredocs, next } = readHeredocs(source, lines, { ...logical, start }, directives.escape);
    const context = { escape: directives.escape, heredocs, comments };
    nodes.push(parseLine(source, logical.text, { start, end: next }, context));
    emptyContinuations.push(...logical.empty.map(index => index + 1));
    comments = [];
    at = next;
  }
  if (nodes.length === 0) {
    throw new DockerfileError(source, { start: 1, end: 1 }, 'the Dockerfile has no instructions', {
      hint: 'begin it with a line such as "FROM busybox"',
    });
  }
  return { directives, nodes, emptyContinuations };
}

/** A comment joins those above it; an empty line parts them from what follows. */
function commentsAfter(comments: readonly string[], line: string): string[] {
  const comment = /^\s*#(.*?)\s*$/.exec(line)?.[1];
  return comment === undefined ? [] : [...comments, comment.trimStart()];
}

interface LogicalLine {
  readonly text: string;
  /** Index of its first line. */
  readonly first: number;
  /** Index of the line after it. */
  readonly next: number;
  /** Indexes of empty lines in it. */
  readonly empty: readonly number[];
}

/** A line and its continuation; between the two, comments and empty lines are as if they were not there. */
function readLogicalLine(lines: readonly string[], from: number, escaper: string): LogicalLine {
  const opening = withoutReturn(lines[from] ?? '').trimStart();
  if (opening.startsWith('#')) return { text: '', first: from, next: from + 1, empty: [] };
  const first = continued(opening, escaper);
  let text = first.text;
  const empty: number[] = [];
  let at = from + 1;
  for (let open = first.open; open && at < lines.length; at++) {
    const line = withoutReturn(lines[at] ?? '');
    if (line.trim() === '') empty.push(at);
    if (line.trim() === '' || line.trimStart().startsWith('#')) continue;
    const more = continued(line, escaper);
    text += more.text;
    open = more.open;
  }
  return { text: text.trim() === '' ? '' : text, first: from, next: at, empty };
}

/** A line goes on if it ends with the escape character; two of them are one that was escaped. */
function continued(line: string, escaper: string): { text: string; open: boolean } {
  const trimmed = line.replace(/[ \t]+$/, '');
  if (!trimmed.endsWith(escaper) || trimmed.endsWith(escaper + escaper)) return { text: line, open: false };
  return { text: trimmed.slice(0, -1), open: true };
}

function readHeredocs(
  source: DockerfileSource,
  lines: readonly string[],
  logical: LogicalLine & { start: number },
  escaper: string,
): { heredocs: Heredoc[]; next: number } {
  const heredocs: Heredoc[] = [];
  let next = logical.next;
  if (!/^(onbuild\s+)?(run|copy|add)\s/i.test(logical.text)) return { heredocs, next };
  for (const start of heredocsOf(logical.text, escaper)) {
    const read = readHeredoc(start, lines, next);
    if (read === undefined) {
      const at = { start: logical.start, end: logical.next };
      throw new DockerfileError(source, at, `the here-document "${start.name}" has no end`, {
        hint: `put "${start.name}" alone on the line after its last one`,
      });
    }
    heredocs.push(read.heredoc);
    next = read.next;
  }
  return { heredocs, next };
}

function withoutReturn(line: string): string {
  return line.replace(/\r$/, '');
}
