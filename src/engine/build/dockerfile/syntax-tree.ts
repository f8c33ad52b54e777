import type { LineRange } from './dockerfile-error.ts';

/** A Dockerfile as its lines say it, before any instruction is understood. */
export interface SyntaxTree {
  readonly directives: Directives;
  readonly nodes: readonly SyntaxNode[];
  /** Empty lines (1-based) in the midst of an instruction. */
  readonly emptyContinuations: readonly number[];
}

/** What the comments at the top of a file ask of its reader. */
export interface Directives {
  /** How many lines they are. */
  readonly count: number;
  /** Continues lines and quotes characters. */
  readonly escape: '\\' | '`';
  /** The frontend image that the file asks for. */
  readonly syntax?: string;
  readonly check?: string;
}

/** One instruction: its keyword, flags and arguments as written. */
export interface SyntaxNode extends LineRange {
  /** Lower case. */
  readonly keyword: string;
  /** Such as `--from=builder`. */
  readonly flags: readonly string[];
  readonly arguments: Arguments;
  readonly heredocs: readonly Heredoc[];
  /** The comment lines right above it, without `#`. */
  readonly comments: readonly string[];
  /** The logical line: continuation lines joined, comments taken out, heredoc bodies left out. */
  readonly text: string;
}

/** Which of its forms an instruction was written in. */
export type Arguments =
  /** Everything after the flags, for a shell to read; may be empty. */
  | { readonly form: 'text'; readonly text: string }
  | { readonly form: 'json'; readonly words: readonly string[] }
  | { readonly form: 'words'; readonly words: readonly string[] }
  | { readonly form: 'pairs'; readonly pairs: readonly NameValue[] }
  /** HEALTHCHECK: a word, then a command. */
  | { readonly form: 'typed'; readonly type: string; readonly command: CommandForm }
  /** ONBUILD. */
  | { readonly form: 'nested'; readonly node: SyntaxNode };

export type CommandForm = Extract<Arguments, { form: 'text' | 'json' }>;

export interface NameValue {
  readonly name: string;
  /** Quotes and variables still in it. */
  readonly value: string;
  /** `ENV name value` rather than `ENV name=value`. */
  readonly legacy: boolean;
}

/** A here-document: `<<EOF` on the instruction's line, and the lines up to `EOF`. */
export interface Heredoc {
  readonly name: string;
  /** Lines with their newlines, tabs in front taken away if it was `<<-`. */
  readonly content: string;
  /** False if the name was quoted: then variables in the content stay as they are. */
  readonly expand: boolean;
  /** `<<-` */
  readonly chomp: boolean;
}
