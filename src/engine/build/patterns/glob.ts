/**
 * Compiles a pattern of Go's path matching (https://pkg.go.dev/path/filepath#Match), which Docker's rules are made
 * of: `*` and `?` do not cross `/`, `[a-z]` and `[^a-z]` are classes, `\` takes the next character literally. With
 * `doubleStar`, `**` crosses `/` as in a .dockerignore. Undefined if the pattern is malformed.
 */
export function compileGlob(pattern: string, options: { doubleStar: boolean }): RegExp | undefined {
  const characters = [...pattern];
  let expression = '';
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? '';
    switch (character) {
      case '*': {
        if (!options.doubleStar || characters[at + 1] !== '*') {
          expression += '[^/]*';
          break;
        }
        at++;
        const slash = characters[at + 1] === '/';
        if (slash) at++;
        if (slash) expression += '(?:.*/)?';
        else expression += at + 1 === characters.length ? '.*' : '(?:.*)';
        break;
      }
      case '?':
        expression += '[^/]';
        break;
      case '\\': {
        const next = characters[++at];
        if (next === undefined) return undefined;
        expression += literal(next);
        break;
      }
      case '[': {
        const read = readClass(characters, at);
        if (read === undefined) return undefined;
        expression += read.expression;
        at = read.end;
        break;
      }
      default:
        expression += literal(character);
    }
  }
  try {
    return new RegExp(`^${expression}$`, 'su');
  } catch {
    return undefined; // a range whose ends are the wrong way round
  }
}

/** True if a path has characters that make it a pattern. */
export function hasWildcard(path: string): boolean {
  return /[*?[\\]/.test(path);
}

function readClass(
  characters: readonly string[],
  from: number,
): { expression: string; end: number } | undefined {
  let at = from + 1;
  const negated = characters[at] === '^';
  if (negated) at++;
  let body = '';
  for (let first = true; first || characters[at] !== ']'; first = false, at++) {
    let character = characters[at];
    if (character === '\\') character = characters[++at];
    else if (character === '-' || character === ']') return undefined;
    if (character === undefined) return undefined;
    body += classLiteral(character);
    if (characters[at + 1] !== '-') continue;
    at += 2;
    let last = characters[at];
    if (last === '\\') last = characters[++at];
    if (last === undefined || last === ']') return undefined;
    body += `-${classLiteral(last)}`;
  }
  return { expression: `(?!/)[${negated ? '^' : ''}${body}]`, end: at };
}

function literal(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');
}

function classLiteral(character: string): string {
  return character === '-' ? '\\-' : literal(character);
}
