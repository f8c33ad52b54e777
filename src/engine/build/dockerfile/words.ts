/**
 * Splits at white space outside quotes; quotes and escapes stay in the words. A quote that is not closed runs to
 * the end.
 */
export function splitWords(text: string, escaper: string): string[] {
  const words: string[] = [];
  let word = '';
  let quote = '';
  let started = false;
  const characters = [...text];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? '';
    if (quote === '' && isSpace(character)) {
      if (started) words.push(word);
      word = '';
      started = false;
      continue;
    }
    started = true;
    if (character === escaper && quote !== "'") {
      const next = characters[++at];
      if (next === undefined) break; // a lone escape at the end says nothing
      word += character + next;
      continue;
    }
    if (quote === '' && (character === '"' || character === "'")) quote = character;
    else if (character === quote) quote = '';
    word += character;
  }
  if (started && word !== '') words.push(word);
  return words;
}

/** Takes the flags (`--name`, `--name=value`) from the front of an instruction's arguments; `--` ends them. */
export function takeFlags(text: string, escaper: string): { flags: string[]; rest: string } {
  const flags: string[] = [];
  let rest = text.trimStart();
  while (rest.startsWith('--')) {
    const end = endOfWord(rest, escaper);
    const flag = unquote(rest.slice(0, end), escaper);
    rest = rest.slice(end).trimStart();
    if (flag === '--') break;
    flags.push(flag);
  }
  return { flags, rest };
}

export function isSpace(character: string): boolean {
  return /^\s$/u.test(character);
}

function endOfWord(text: string, escaper: string): number {
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? '';
    if (character === escaper && quote !== "'") at++;
    else if (quote !== '') quote = character === quote ? '' : quote;
    else if (character === '"' || character === "'") quote = character;
    else if (isSpace(character)) return at;
  }
  return text.length;
}

/** A flag's quotes only protect white space; variables in it are expanded later, so escapes before `$` stay. */
function unquote(word: string, escaper: string): string {
  let result = '';
  let quote = '';
  for (let at = 0; at < word.length; at++) {
    const character = word[at] ?? '';
    const next = word[at + 1];
    if (character === escaper && quote !== "'" && next !== undefined && next !== '$') {
      result += next;
      at++;
    } else if (quote === '' && (character === '"' || character === "'")) quote = character;
    else if (character === quote) quote = '';
    else result += character;
  }
  return result;
}
