import { posix } from 'node:path';
import { PlimsollError } from '../../../errors.ts';
import { compileGlob } from './glob.ts';

/** Decides which paths of a build context are left out. Paths are relative, parted by `/`, without `./`. */
export interface PathFilter {
  /** True if the path, or a folder above it, is left out: the last pattern that matches decides. */
  excludes(path: string): boolean;
  /** False if nothing below an excluded folder can be let in again, so that it need not be read. */
  mayIncludeBelow(folder: string): boolean;
  /** Of a path that is left out: what says so, such as `.dockerignore:3 has "*.log"`. */
  reason?(path: string): string | undefined;
}

interface Rule {
  readonly negated: boolean;
  readonly pattern: string;
  readonly expression: RegExp;
  /** Where it stands, and how it is written. */
  readonly words: string;
}

/** Lets everything pass. */
export const noFilter: PathFilter = { excludes: () => false, mayIncludeBelow: () => true };

/**
 * Reads a .dockerignore: a pattern a line, `#` comments, `!` lets in again, `**` any number of folders
 * (https://docs.docker.com/build/concepts/context/#syntax). `file` names it in errors.
 */
export function parseIgnoreFile(text: string, file: string): PathFilter {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const rules = lines.flatMap((line, index) =>
    line.startsWith('#') ? [] : (readRule(line, `${file}:${index + 1}`) ?? []),
  );
  return filterOf(rules);
}

/** The same from a list of patterns, as `COPY --exclude` gives it. Throws `invalid-argument`. */
export function filterFromPatterns(patterns: readonly string[], place: string): PathFilter {
  return filterOf(patterns.flatMap(pattern => readRule(pattern, place) ?? []));
}

function filterOf(rules: readonly Rule[]): PathFilter {
  if (rules.length === 0) return noFilter;
  const negated = rules.filter(rule => rule.negated).map(rule => rule.pattern);
  return {
    excludes: path => {
      const candidates = [path, ...foldersAbove(path)];
      let excluded = false;
      for (const rule of rules) {
        if (rule.negated !== excluded) continue; // it could change nothing
        if (candidates.some(candidate => rule.expression.test(candidate))) excluded = !rule.negated;
      }
      return excluded;
    },
    reason: path => {
      const candidates = [path, ...foldersAbove(path)];
      return rules.findLast(
        ({ negated, expression }) => !negated && candidates.some(each => expression.test(each)),
      )?.words;
    },
    mayIncludeBelow: folder => negated.some(pattern => mayReach(pattern, folder)),
  };
}

function readRule(line: string, place: string): Rule | undefined {
  let pattern = line.trim();
  const negated = pattern.startsWith('!');
  if (negated) pattern = pattern.slice(1).trim();
  if (pattern === '') return undefined;
  pattern = posix.normalize(pattern).replace(/(?<=.)\/$/, '');
  if (pattern.length > 1) pattern = pattern.replace(/^\//, '');
  const expression = compileGlob(pattern, { doubleStar: true });
  if (expression === undefined) {
    throw new PlimsollError('invalid-argument', `${place}: the pattern "${line.trim()}" is malformed`, {
      code: 'PATTERN_INVALID',
      hint: 'close each "[" with a "]", and put something after each "\\"',
    });
  }
  return { negated, pattern, expression, words: `${place} has "${line.trim()}"` };
}

/** Could the pattern match something below the folder? Compares segment by segment up to the first wildcard. */
function mayReach(pattern: string, folder: string): boolean {
  const [wanted, given] = [pattern.split('/'), folder.split('/')];
  for (const [index, segment] of given.entries()) {
    const part = wanted[index];
    if (part === undefined) return true; // it lets in the folder's parent, and so all below
    if (part.includes('**')) return true;
    const glob = compileGlob(part, { doubleStar: false });
    if (glob?.test(segment) === false) return false;
  }
  return true;
}

function foldersAbove(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}
