import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { SyntaxNode } from '../../../../src/engine/build/dockerfile/index.ts';

/** The folder of the language's cases as data, kept beside the repository; see the skip reason of its users. */
const casesFolder = process.env.PLIMSOLL_DOCKERFILE_CASES ?? besideRepository();
export const skipCases = existsSync(casesFolder)
  ? false
  : `no Dockerfile cases at ${casesFolder} (set PLIMSOLL_DOCKERFILE_CASES to a copy)`;

export function caseNames(kind: string): string[] {
  return skipCases ? [] : readdirSync(join(casesFolder, kind)).sort();
}

export function readCase(...path: string[]): string {
  return readFileSync(join(casesFolder, ...path), 'utf8');
}

/** A tree in the cases' notation: one instruction a line, `(keyword ["flag"] "word" ...)`. */
export function dump(nodes: readonly SyntaxNode[]): string {
  return nodes.map(node => `(${dumpNode(node)})`).join('\n');
}

function dumpNode(node: SyntaxNode): string {
  const flags = node.flags.length === 0 ? '' : ` [${node.flags.map(quote).join(' ')}]`;
  const given = node.arguments;
  if (given.form === 'nested') return `${node.keyword}${flags} (${dumpNode(given.node)})`;
  return [`${node.keyword}${flags}`, ...wordsOf(given).map(quote)].join(' ');
}

function wordsOf(given: Exclude<SyntaxNode['arguments'], { form: 'nested' }>): readonly string[] {
  switch (given.form) {
    case 'text':
      return given.text === '' ? [] : [given.text];
    case 'pairs':
      return given.pairs.flatMap(({ name, value, legacy }) => [name, value, legacy ? '' : '=']);
    case 'typed':
      return given.type === '' ? [] : [given.type, ...wordsOf(given.command)];
    case 'json':
    case 'words':
      return given.words;
  }
}

/** As Go's strconv.Quote. */
function quote(text: string): string {
  return JSON.stringify(text).replaceAll(/\\u00([0-9a-f]{2})/g, '\\x$1');
}

/** Beside the repository itself, also when this runs in another worktree of it. */
function besideRepository(): string {
  const folder = execFileSync('git', ['rev-parse', '--path-format=absolute', '--git-common-dir'], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
  }).trim();
  return resolve(dirname(folder), '../shared/dockerfile-cases');
}
