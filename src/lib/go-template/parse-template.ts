import { type Body, type Command, type Node, type Operand, type Pipe, TemplateError } from './syntax.ts';
import { cutTemplate, type Piece, type Token } from './tokens.ts';

/** Reads a template as Go's text/template does, but for `define`, `template` and `block`. Throws TemplateError. */
export function parseTemplate(template: string): Body {
  const pieces = new Pieces(cutTemplate(template));
  const { body, end } = readBody(pieces);
  if (end !== undefined) throw new TemplateError(`unexpected {{${end.first}}}`);
  return body;
}

class Pieces {
  readonly #pieces: readonly Piece[];
  #at = 0;
  constructor(pieces: readonly Piece[]) {
    this.#pieces = pieces;
  }
  next(): Piece | undefined {
    return this.#pieces[this.#at++];
  }
}

interface End {
  readonly first: 'end' | 'else';
  /** What follows `else` in its action. */
  readonly rest: Tokens;
}

function readBody(pieces: Pieces): { body: Node[]; end?: End } {
  const body: Node[] = [];
  for (let piece = pieces.next(); piece !== undefined; piece = pieces.next()) {
    if ('text' in piece) {
      body.push({ kind: 'text', text: piece.text });
      continue;
    }
    const tokens = new Tokens(piece.tokens);
    const word = tokens.peek()?.kind === 'word' ? tokens.peek()?.text : undefined;
    if (word === 'end' || word === 'else') {
      tokens.take();
      return { body, end: { first: word, rest: tokens } };
    }
    body.push(readNode(word, tokens, pieces));
  }
  return { body };
}

function readNode(word: string | undefined, tokens: Tokens, pieces: Pieces): Node {
  if (word === 'if' || word === 'with' || word === 'range') {
    tokens.take();
    return readBranch(word, tokens, pieces);
  }
  if (word === 'break' || word === 'continue') return { kind: word };
  if (word === 'define' || word === 'template' || word === 'block')
    throw new TemplateError(`{{${word}}} is not supported: a format is one template`);
  const pipe = readPipe(tokens);
  tokens.mustEnd();
  return { kind: 'action', pipe };
}

function readBranch(kind: 'if' | 'with' | 'range', tokens: Tokens, pieces: Pieces): Node {
  const pipe = readPipe(tokens);
  tokens.mustEnd();
  const { body, end } = readBody(pieces);
  if (end === undefined) throw new TemplateError(`{{${kind}}} has no {{end}}`);
  return { kind, pipe, body, otherwise: end.first === 'else' ? readElse(end.rest, pieces) : [] };
}

/** `else`, or `else if`, which is a branch of its own with the same end. */
function readElse(rest: Tokens, pieces: Pieces): Body {
  const next = rest.take()?.text;
  if (next === 'if' || next === 'with') return [readBranch(next, rest, pieces)];
  if (next !== undefined) throw new TemplateError(`unexpected "${next}" after {{else`);
  const { body, end } = readBody(pieces);
  if (end?.first !== 'end') throw new TemplateError('{{else}} has no {{end}}');
  return body;
}

class Tokens {
  readonly #tokens: readonly Token[];
  #at = 0;
  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }
  peek(ahead = 0): Token | undefined {
    return this.#tokens[this.#at + ahead];
  }
  take(): Token | undefined {
    return this.#tokens[this.#at++];
  }
  mustEnd(): void {
    const left = this.peek();
    if (left !== undefined) throw new TemplateError(`unexpected "${left.text}"`);
  }
}

function readPipe(tokens: Tokens): Pipe {
  const { variables, declares } = readVariables(tokens);
  const commands = [readCommand(tokens)];
  while (isSign(tokens.peek(), '|')) {
    tokens.take();
    commands.push(readCommand(tokens));
  }
  return { variables, declares, commands };
}

/** `$a :=`, `$a =`, `$i, $v :=`. */
function readVariables(tokens: Tokens): { variables: string[]; declares: boolean } {
  const variables: string[] = [];
  let ahead = 0;
  while (tokens.peek(ahead)?.kind === 'variable') {
    variables.push(tokens.peek(ahead)?.text ?? '');
    const sign = tokens.peek(++ahead);
    if (isSign(sign, ',')) ahead++;
    else if (isSign(sign, ':=') || isSign(sign, '=')) {
      for (let taken = 0; taken <= ahead; taken++) tokens.take();
      return { variables, declares: isSign(sign, ':=') };
    } else break;
  }
  return { variables: [], declares: false };
}

function readCommand(tokens: Tokens): Command {
  const first = readOperand(tokens);
  if (first === undefined)
    throw new TemplateError(
      tokens.peek() === undefined ? 'an action is empty' : `unexpected "${tokens.peek()?.text}"`,
    );
  const rest: Operand[] = [];
  for (let next = readOperand(tokens); next !== undefined; next = readOperand(tokens)) rest.push(next);
  return [first, ...rest];
}

function readOperand(tokens: Tokens): Operand | undefined {
  const token = tokens.peek();
  if (token === undefined || (token.kind === 'sign' && token.text !== '(')) return undefined;
  tokens.take();
  if (token.kind === 'field') return { kind: 'field', names: [token.text.slice(1), ...readFields(tokens)] };
  if (token.kind === 'variable') return { kind: 'field', variable: token.text, names: readFields(tokens) };
  if (token.kind === 'dot') return { kind: 'field', names: [] };
  if (token.kind === 'string') return { kind: 'literal', value: unquote(token.text) };
  if (token.kind === 'number') return { kind: 'literal', value: Number(token.text) };
  if (token.kind === 'word') return readWord(token.text);
  const pipe = readPipe(tokens);
  if (!isSign(tokens.take(), ')')) throw new TemplateError('a parenthesis is not closed');
  return { kind: 'group', pipe, names: readFields(tokens) };
}

function readWord(text: string): Operand {
  if (text === 'true' || text === 'false') return { kind: 'literal', value: text === 'true' };
  return text === 'nil' ? { kind: 'literal', value: null } : { kind: 'function', name: text };
}

/** Fields that follow without a blank. */
function readFields(tokens: Tokens): string[] {
  const names: string[] = [];
  for (let next = tokens.peek(); next?.kind === 'field' && !next.apart; next = tokens.peek())
    names.push(tokens.take()?.text.slice(1) ?? '');
  return names;
}

function isSign(token: Token | undefined, text: string): boolean {
  return token?.kind === 'sign' && token.text === text;
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
};

function unquote(text: string): string | number {
  const inner = text.slice(1, -1);
  if (text.startsWith('`')) return inner;
  const plain = inner.replace(/\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)/g, (_, code: string) =>
    code.length > 1 ? String.fromCodePoint(Number.parseInt(code.slice(1), 16)) : (escapes[code] ?? code),
  );
  return text.startsWith("'") ? (plain.codePointAt(0) ?? 0) : plain; // a rune is a number
}
