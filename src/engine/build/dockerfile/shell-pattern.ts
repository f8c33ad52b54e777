/**
 * Turns a shell pattern (`*` any text, `?` one character, `\` before one of them or itself takes it literally) into
 * a regular expression. Bracket expressions are not part of the Dockerfile language: brackets match themselves.
 * Throws an `Error` for an escape of any other character.
 */
function shellPattern(pattern: string, options: { greedy: boolean; anchor: '^' | '$' | '' }): RegExp {
  const star = options.greedy ? '.*' : '.*?';
  let expression = '';
  const characters = [...pattern];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? '';
    if (character === '*') expression += star;
    else if (character === '?') expression += '.';
    else if (character === '\\') {
      const next = characters[++at] ?? '';
      if (!/^[*?\\}/]$/.test(next)) throw new Error(`the escape "\\${next}" is not allowed in a pattern`);
      expression += literal(next);
    } else expression += literal(character);
  }
  if (options.anchor === '^') return new RegExp(`^(?:${expression})`, 'su');
  return new RegExp(options.anchor === '$' ? `(?:${expression})$` : expression, 'gsu');
}

/** Takes the shortest (or longest) match of the pattern from the front of a value: `${v#p}`, `${v##p}`. */
export function trimPrefix(value: string, pattern: string, greedy: boolean): string {
  return value.replace(shellPattern(pattern, { greedy, anchor: '^' }), '');
}

/** The same at the end: `${v%p}`, `${v%%p}`. */
export function trimSuffix(value: string, pattern: string, greedy: boolean): string {
  const whole = new RegExp(`^(?:${shellPattern(pattern, { greedy: true, anchor: '' }).source})$`, 'su');
  const starts = [...Array(value.length + 1).keys()];
  if (!greedy) starts.reverse();
  const start = starts.find(at => whole.test(value.slice(at)));
  return start === undefined ? value : value.slice(0, start);
}

/** Replaces the first match of the pattern, or all of them: `${v/p/r}`, `${v//p/r}`. */
export function replacePattern(value: string, pattern: string, replacement: string, all: boolean): string {
  const expression = shellPattern(pattern, { greedy: true, anchor: '' });
  let done = false;
  return value.replace(expression, match => {
    if (done && !all) return match;
    done = true;
    return replacement;
  });
}

function literal(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');
}
