import { didYouMean } from '../../../lib/near-misses.ts';
import type { SyntaxNode } from './syntax-tree.ts';

/** Says what is wrong with an instruction; the caller adds file, line and excerpt. */
export type Fail = (
  sentence: string,
  options?: { hint?: string; kind?: 'invalid-argument' | 'not-implemented' },
) => never;

/** How often a flag may be given and whether it stands alone. */
export type FlagKind = 'value' | 'boolean' | 'list';

/** The flags of an instruction, checked against those that it has. */
export class Flags {
  readonly #values = new Map<string, string[]>();
  readonly #fail: Fail;
  readonly #keyword: string;

  /** `unsupported` names flags that are known and not carried out: they are errors, never ignored. */
  constructor(
    node: SyntaxNode,
    known: Readonly<Record<string, FlagKind>>,
    fail: Fail,
    unsupported: readonly string[] = [],
  ) {
    this.#fail = fail;
    this.#keyword = node.keyword.toUpperCase();
    for (const flag of node.flags) {
      const [, name = '', value] = /^--([^=]*)(?:=(.*))?$/s.exec(flag) ?? [];
      if (unsupported.includes(name)) this.#refuse(name);
      const kind = Object.hasOwn(known, name) ? known[name] : undefined;
      if (kind === undefined)
        fail(`${this.#keyword} has no flag "--${name}"`, { hint: knownFlags(known, name) });
      if (kind !== 'boolean' && value === undefined)
        fail(`the flag "--${name}" of ${this.#keyword} needs a value`, { hint: `write --${name}=VALUE` });
      const before = this.#values.get(name) ?? [];
      if (kind !== 'list' && before.length > 0)
        fail(`the flag "--${name}" of ${this.#keyword} is given twice`, { hint: 'take one of the two away' });
      this.#values.set(name, [...before, value ?? 'true']);
    }
  }

  value(name: string): string | undefined {
    return this.#values.get(name)?.[0];
  }

  list(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  /** One of the words that the flag may be. */
  choice<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    const found = choices.find(choice => choice === value);
    return (
      found ??
      this.#fail(`"${this.#keyword} --${name}=${value}" is none of its choices`, {
        hint: `use ${choices.join(', ')}`,
      })
    );
  }

  boolean(name: string): boolean | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    if (/^(1|t|true)$/i.test(value)) return true;
    if (/^(0|f|false)$/i.test(value)) return false;
    return this.#fail(
      `the flag "--${name}" of ${this.#keyword} is "${value}", which is neither true nor false`,
      { hint: `write --${name} or --${name}=false; a variable cannot stand there` },
    );
  }

  #refuse(name: string): never {
    return this.#fail(`"${this.#keyword} --${name}" belongs to the experimental language only`, {
      kind: 'not-implemented',
      hint: 'take the flag away: plimsoll builds what docker/dockerfile:1 has, not docker/dockerfile:1-labs',
    });
  }
}

function knownFlags(known: Readonly<Record<string, FlagKind>>, asked: string): string {
  const meant = didYouMean(asked, Object.keys(known), name => `--${name}`);
  if (meant !== undefined) return meant;
  const names = Object.keys(known).map(name => `--${name}`);
  return names.length === 0 ? 'this instruction takes no flags' : `it has ${names.join(', ')}`;
}
