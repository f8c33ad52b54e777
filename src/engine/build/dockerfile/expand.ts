import { replacePattern, trimPrefix, trimSuffix } from './shell-pattern.ts';
import { isSpace } from './words.ts';

/** Values of variables by name. */
export type Variables = ReadonlyMap<string, string>;

export interface ExpandOptions {
  readonly variables: Variables;
  /** `\`, or what the directive `escape` says. */
  readonly escape: string;
  /** Quotes are ordinary characters, as in a here-document. */
  readonly keepQuotes?: boolean;
  /** Told each variable that is used as if it had a value and has none. */
  readonly onUnset?: (name: string) => void;
}

/** A word that cannot be expanded; the caller knows the line and says it. */
export class ExpansionError extends Error {
  /** What the user can do. */
  readonly hint: string;

  constructor(message: string, hint = 'close every quote and brace, and write "\\$" for a dollar sign') {
    super(message);
    this.hint = hint;
  }
}

/** Takes away quotes and puts in variables, as a shell would, without splitting. Throws `ExpansionError`. */
export function expandWord(word: string, options: ExpandOptions): string {
  return new Expander(word, options).upTo(undefined, false).text;
}

/** The same, split at white space outside quotes; splitting comes after expansion, so values are split too. */
export function expandWords(text: string, options: ExpandOptions): string[] {
  return new Expander(text, options).upTo(undefined, false).words;
}

interface Expanded {
  readonly text: string;
  readonly words: string[];
}

/** Collects text and, beside it, the words that white space outside quotes parts. */
class Collector {
  #text = '';
  #words: string[] = [];
  #word = '';

  add(text: string, quoted: boolean): void {
    this.#text += text;
    if (quoted) this.#word += text;
    else for (const character of text) this.#addUnquoted(character);
  }

  #addUnquoted(character: string): void {
    if (isSpace(character)) this.#endWord();
    else this.#word += character;
  }

  #endWord(): void {
    if (this.#word !== '') this.#words.push(this.#word);
    this.#word = '';
  }

  end(): Expanded {
    this.#endWord();
    return { text: this.#text, words: this.#words };
  }
}

class Expander {
  readonly #characters: readonly string[];
  readonly #options: ExpandOptions;
  #at = 0;

  constructor(text: string, options: ExpandOptions) {
    this.#characters = [...text];
    this.#options = options;
  }

  /** Expands up to `stop`, which is consumed, or to the end. `rawEscapes`: a pattern reads escapes itself. */
  upTo(stop: string | undefined, rawEscapes: boolean): Expanded {
    const result = new Collector();
    for (;;) {
      const character = this.#peek();
      if (character === undefined) break;
      if (character === stop) {
        this.#at++;
        return result.end();
      }
      if (character === '$') result.add(this.#dollar(), false);
      else if (character === "'" && !this.#options.keepQuotes) result.add(this.#singleQuoted(), true);
      else if (character === '"' && !this.#options.keepQuotes)
        result.add(this.#doubleQuoted(rawEscapes), true);
      else if (character === this.#options.escape) result.add(this.#escaped(rawEscapes), true);
      else result.add(this.#next() ?? '', false);
    }
    if (stop !== undefined) throw new ExpansionError(`the "${stop}" that ends a substitution is missing`);
    return result.end();
  }

  /** An escape character takes the next one literally; at the very end it says nothing. */
  #escaped(raw: boolean): string {
    const escaper = this.#next() ?? '';
    const next = this.#next();
    return (raw ? escaper : '') + (next ?? '');
  }

  #singleQuoted(): string {
    this.#at++;
    const end = this.#characters.indexOf("'", this.#at);
    if (end < 0) throw new ExpansionError('a single quote is not closed');
    const text = this.#characters.slice(this.#at, end).join('');
    this.#at = end + 1;
    return text;
  }

  /** Between double quotes an escape character quotes only `"`, `$` and itself (sh(1)). */
  #doubleQuoted(rawEscapes: boolean): string {
    this.#at++;
    let text = '';
    for (;;) {
      const character = this.#peek();
      if (character === undefined) throw new ExpansionError('a double quote is not closed');
      if (character === '$') {
        text += this.#dollar();
        continue;
      }
      this.#at++;
      if (character === '"') return text;
      if (character !== this.#options.escape) {
        text += character;
        continue;
      }
      const next = this.#peek();
      const quotes = next === '"' || next === '$' || next === this.#options.escape;
      if (rawEscapes || !quotes) text += character;
      if (quotes) text += this.#next();
    }
  }

  #dollar(): string {
    this.#at++;
    if (this.#peek() !== '{') {
      const name = this.#name();
      return name === '' ? '$' : this.#valueOf(name);
    }
    this.#at++;
    const name = this.#name();
    const modifier = this.#next();
    if (modifier === undefined) throw new ExpansionError('the "}" that ends a substitution is missing');
    if (name === '') throw new ExpansionError('a substitution needs the name of a variable');
    return this.#substitute(name, modifier);
  }

  #substitute(name: string, modifier: string): string {
    const value = this.#options.variables.get(name);
    switch (modifier) {
      case '}':
        return this.#valueOf(name);
      case '-':
      case '+':
      case '?':
        return this.#conditional(name, value, modifier, 'unset');
      case '#':
      case '%':
        return this.#trim(this.#valueOf(name), modifier);
      case '/':
        return this.#replace(this.#valueOf(name));
      case ':': {
        const kind = this.#next() ?? '';
        if (kind !== '-' && kind !== '+' && kind !== '?') break;
        return this.#conditional(name, value === '' ? undefined : value, kind, 'empty');
      }
    }
    throw new ExpansionError(`the substitution of "${name}" has an unknown modifier`);
  }

  #valueOf(name: string): string {
    const value = this.#options.variables.get(name);
    if (value === undefined) this.#options.onUnset?.(name);
    return value ?? '';
  }

  #conditional(name: string, value: string | undefined, kind: '-' | '+' | '?', lack: string): string {
    const word = this.upTo('}', false).text;
    if (kind === '-') return value ?? word;
    if (kind === '+') return value === undefined ? '' : word;
    if (value === undefined) {
      throw new ExpansionError(
        `${name}: ${word || `is not allowed to be ${lack}`}`,
        `set "${name}" with --build-arg or in the Dockerfile`,
      );
    }
    return value;
  }

  #trim(value: string, side: '#' | '%'): string {
    const written = this.upTo('}', true).text;
    const greedy = written.startsWith(side);
    const pattern = greedy ? written.slice(1) : written;
    return this.#patterned(() => (side === '#' ? trimPrefix : trimSuffix)(value, pattern, greedy));
  }

  #replace(value: string): string {
    const all = this.#peek() === '/';
    if (all) this.#at++;
    const pattern = this.upTo('/', true).text;
    const replacement = this.upTo('}', false).text;
    return this.#patterned(() => replacePattern(value, pattern, replacement, all));
  }

  #patterned(match: () => string): string {
    try {
      return match();
    } catch (error) {
      throw new ExpansionError((error as Error).message);
    }
  }

  /** A name: letters, digits and `_`; or a positional number; or one of the shell's special parameters. */
  #name(): string {
    const first = this.#peek() ?? '';
    if (/^\p{Nd}$/u.test(first)) return this.#while(/^\p{Nd}$/u);
    if (/^[@*#?$!-]$/.test(first)) return this.#next() ?? '';
    return this.#while(/^[\p{L}\p{Nd}_]$/u);
  }

  #while(kind: RegExp): string {
    let text = '';
    while (kind.test(this.#peek() ?? '')) text += this.#next();
    return text;
  }

  #peek(): string | undefined {
    return this.#characters[this.#at];
  }

  #next(): string | undefined {
    return this.#characters[this.#at++];
  }
}
