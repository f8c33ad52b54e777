import { DockerfileError, type DockerfileSource } from './dockerfile-error.ts';
import type { Directives } from './syntax-tree.ts';

const names = ['syntax', 'escape', 'check'] as const;
type DirectiveName = (typeof names)[number];

/**
 * Reads the parser directives: comments `# name=value` before anything else, even before an empty line. An unknown
 * name is a comment and ends them; a name given twice is an error.
 */
export function parseDirectives(source: DockerfileSource, lines: readonly string[]): Directives {
  const found: Partial<Record<DirectiveName, string>> = {};
  let count = 0;
  for (const [index, line] of lines.entries()) {
    const match = /^\s*#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$/.exec(line);
    const name = names.find(known => known === match?.[1]?.toLowerCase());
    if (match === null || name === undefined) break;
    const at = { start: index + 1, end: index + 1 };
    if (name in found) {
      throw new DockerfileError(source, at, `the parser directive "${name}" is given twice`, {
        hint: 'keep one of the two lines',
      });
    }
    found[name] = match[2] ?? '';
    count = index + 1;
    if (name === 'escape' && !/^[\\`]$/.test(found.escape ?? '')) {
      throw new DockerfileError(source, at, `the escape character "${found.escape}" is not allowed`, {
        hint: 'use \\ or `',
      });
    }
  }
  const { syntax, check } = found;
  return {
    count,
    escape: found.escape === '`' ? '`' : '\\',
    ...(syntax === undefined ? {} : { syntax }),
    ...(check === undefined ? {} : { check }),
  };
}
