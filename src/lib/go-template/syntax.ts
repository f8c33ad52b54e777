/** What a template is made of, as text/template/parse has it. */
export type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly pipe: Pipe }
  | {
      readonly kind: 'if' | 'with' | 'range';
      readonly pipe: Pipe;
      readonly body: Body;
      readonly otherwise: Body;
    }
  | { readonly kind: 'break' | 'continue' };

export type Body = readonly Node[];

/** Commands, each of which gets the value of the one before as its last argument. */
export interface Pipe {
  /** Variables that are made (`:=`) or set (`=`). */
  readonly variables: readonly string[];
  readonly declares: boolean;
  readonly commands: readonly Command[];
}

/** An operand, and arguments if it can be called. */
export type Command = readonly [Operand, ...Operand[]];

export type Operand =
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  /** A field of dot (`variable` undefined), or of a variable; no names: itself. */
  | { readonly kind: 'field'; readonly variable?: string; readonly names: readonly string[] }
  | { readonly kind: 'function'; readonly name: string }
  | { readonly kind: 'group'; readonly pipe: Pipe; readonly names: readonly string[] };

/** Says what is wrong with a template, and where. */
export class TemplateError extends Error {}
