import { TemplateError } from './syntax.ts';

/** A piece of an action: `word` is a name of a function or keyword, `field` is `.A`, `variable` is `$` or `$a`. */
export interface Token {
  readonly kind: 'string' | 'number' | 'field' | 'dot' | 'variable' | 'word' | 'sign';
  readonly text: string;
  /** True if blanks are before it: `.A .B` are two operands, `.A.B` is one. */
  readonly apart: boolean;
}

/** A template cut into its texts and its actions. */
export type Piece = { readonly text: string } | { readonly tokens: readonly Token[] };

const pattern =
  /(?<space>\s+)|(?<string>"(?:[^"\\\n]|\\.)*"|`[^`]*`|'(?:[^'\\\n]|\\.)+')|(?<number>[+-]?(?:0[xX][0-9a-fA-F]+|\d+(?:\.\d*)?(?:[eE][+-]?\d+)?))|(?<field>\.[\p{L}_][\p{L}\p{N}_]*)|(?<dot>\.)|(?<variable>\$[\p{L}\p{N}_]*)|(?<word>[\p{L}_][\p{L}\p{N}_]*)|(?<sign>:=|[=|(),])/uy;

/** Cuts a template at `{{` and `}}`; `{{- ` and ` -}}` take the blanks beside them away, comments go. */
export function cutTemplate(template: string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  let trimming = false;
  while (at <= template.length) {
    const open = template.indexOf('{{', at);
    const end = open < 0 ? template.length : open;
    const trimsBefore = open >= 0 && /^\{\{-\s/.test(template.slice(open, open + 4));
    let text = template.slice(at, end);
    if (trimming) text = text.trimStart();
    if (trimsBefore) text = text.trimEnd();
    if (text !== '') pieces.push({ text });
    if (open < 0) break;
    const comment = /^\{\{(?:- )?\/\*.*?\*\/(?: -)?\}\}/s.exec(template.slice(open))?.[0];
    const start = open + (trimsBefore ? 3 : 2);
    const { tokens, next, trimsAfter } =
      comment === undefined
        ? readAction(template, start)
        : { tokens: [], next: open + comment.length, trimsAfter: comment.endsWith(' -}}') };
    if (comment === undefined) pieces.push({ tokens });
    trimming = trimsAfter;
    at = next;
  }
  return pieces;
}

function readAction(template: string, start: number): { tokens: Token[]; next: number; trimsAfter: boolean } {
  const tokens: Token[] = [];
  let at = start;
  let apart = true;
  while (at < template.length) {
    const close = /^\s+-\}\}|^\}\}/.exec(template.slice(at))?.[0];
    if (close !== undefined) return { tokens, next: at + close.length, trimsAfter: close !== '}}' };
    pattern.lastIndex = at;
    const found = pattern.exec(template);
    if (found === null)
      throw new TemplateError(
        `unexpected "${template[at]}" in the action "${template.slice(start, at + 1)}"`,
      );
    at = pattern.lastIndex;
    const [kind, text] = Object.entries(found.groups ?? {}).find(([, value]) => value !== undefined) ?? [];
    if (kind !== 'space') tokens.push({ kind: kind as Token['kind'], text: text ?? '', apart });
    apart = kind === 'space';
  }
  throw new TemplateError('an action is not closed: "}}" is missing');
}
