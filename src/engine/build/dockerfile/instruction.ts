import type { LineRange } from './dockerfile-error.ts';
import type { CommandForm, Heredoc, NameValue } from './syntax-tree.ts';

/** What every instruction carries besides its meaning. */
export interface Located extends LineRange {
  /** The logical line as written. */
  readonly text: string;
}

/**
 * One instruction, understood: flags checked, forms told apart, words not yet expanded (that needs the variables
 * of its place).
 */
export type Instruction = Located &
  (
    | FromInstruction
    | RunInstruction
    | CopyInstruction
    | AddInstruction
    | HealthcheckInstruction
    | { readonly name: 'ARG'; readonly arguments: readonly { name: string; value?: string }[] }
    | { readonly name: 'ENV'; readonly pairs: readonly NameValue[] }
    | { readonly name: 'LABEL'; readonly pairs: readonly NameValue[] }
    | { readonly name: 'CMD'; readonly command: CommandForm }
    | { readonly name: 'ENTRYPOINT'; readonly command: CommandForm }
    | { readonly name: 'SHELL'; readonly words: readonly string[] }
    | { readonly name: 'EXPOSE'; readonly ports: readonly string[] }
    | { readonly name: 'VOLUME'; readonly paths: readonly string[] }
    | { readonly name: 'USER'; readonly user: string }
    | { readonly name: 'WORKDIR'; readonly path: string }
    | { readonly name: 'STOPSIGNAL'; readonly signal: string }
    | { readonly name: 'MAINTAINER'; readonly author: string }
    /** `trigger` is kept as text, as the image config keeps it; its form was checked. */
    | { readonly name: 'ONBUILD'; readonly trigger: string }
  );

export type InstructionName = Instruction['name'];

export interface FromInstruction {
  readonly name: 'FROM';
  readonly base: string;
  /** Lower case. */
  readonly alias?: string;
  readonly platform?: string;
}

export interface RunInstruction {
  readonly name: 'RUN';
  readonly command: CommandForm;
  readonly heredocs: readonly Heredoc[];
  /** As written; `parseMount` understands them. */
  readonly mounts: readonly string[];
  readonly network?: 'default' | 'none' | 'host';
  readonly security?: 'sandbox' | 'insecure';
}

/** Flags that COPY and ADD share. */
interface CopyFlags {
  readonly sources: readonly string[];
  /** Files whose content is in the Dockerfile. */
  readonly heredocs: readonly Heredoc[];
  readonly destination: string;
  readonly chown?: string;
  readonly chmod?: string;
  readonly link: boolean;
  readonly exclude: readonly string[];
}

export interface CopyInstruction extends CopyFlags {
  readonly name: 'COPY';
  /** A stage's name or number, or an image. */
  readonly from?: string;
  readonly parents: boolean;
}

export interface AddInstruction extends CopyFlags {
  readonly name: 'ADD';
  /** `<algorithm>:<hex>` that a downloaded file must have; the commit of a git repository. */
  readonly checksum?: string;
  /** Keep the folder `.git` of a repository. */
  readonly keepGitDir?: boolean;
  /** Undefined: local archives are unpacked, downloaded ones are not. */
  readonly unpack?: boolean;
}

/** Durations are nanoseconds, as the image config has them. */
export interface HealthcheckInstruction {
  readonly name: 'HEALTHCHECK';
  /** Undefined: `NONE`. */
  readonly command?: CommandForm;
  readonly interval?: number;
  readonly timeout?: number;
  readonly startPeriod?: number;
  readonly startInterval?: number;
  readonly retries?: number;
}
