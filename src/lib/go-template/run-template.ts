import { functions, isTrue, type TemplateFunction } from './functions.ts';
import { printValue, sortedEntries } from './print-value.ts';
import { type Body, type Command, type Node, type Operand, type Pipe, TemplateError } from './syntax.ts';

/** What a field stands for that an object has not; throws `UnknownField` where there can be none of that name. */
export type AbsentField = (object: object, name: string) => unknown;

/**
 * The text that a template makes of data: JSON's values, and functions where docker's objects have methods (`.Label
 * "team"`). A field that is not there is what `absent` says; without it an error in `data` itself, and nil further down.
 * `others`: functions that take the place of the usual ones.
 */
export function runTemplate(
  body: Body,
  data: unknown,
  absent?: AbsentField,
  others: Readonly<Record<string, TemplateFunction>> = {},
): string {
  const run = new Run(data, { ...functions, ...others }, absent);
  run.walk(body, data);
  return run.text();
}

class Run {
  readonly #root: unknown;
  readonly #absent: AbsentField;
  readonly #typed: boolean;
  readonly #functions: Readonly<Record<string, TemplateFunction>>;
  readonly #out: string[] = [];
  /** Innermost last. */
  readonly #variables: { name: string; value: unknown }[];

  constructor(root: unknown, known: Readonly<Record<string, TemplateFunction>>, absent?: AbsentField) {
    this.#root = root;
    this.#functions = known;
    this.#typed = absent !== undefined;
    this.#absent = absent ?? ((object, name) => this.#onlyBelow(object, name));
    this.#variables = [{ name: '$', value: root }];
  }

  text(): string {
    return this.#out.join('');
  }

  /** `break` and `continue` are returned to the `range` that they are in. */
  walk(body: Body, dot: unknown): 'break' | 'continue' | undefined {
    const kept = this.#variables.length;
    try {
      for (const node of body) {
        const jump = this.#visit(node, dot);
        if (jump !== undefined) return jump;
      }
      return undefined;
    } finally {
      this.#variables.length = kept;
    }
  }

  #visit(node: Node, dot: unknown): 'break' | 'continue' | undefined {
    switch (node.kind) {
      case 'text':
        this.#out.push(node.text);
        return undefined;
      case 'action': {
        const value = this.#pipe(node.pipe, dot);
        if (node.pipe.variables.length === 0)
          this.#out.push(this.#isNothing(value) ? '<no value>' : printValue(value));
        return undefined;
      }
      case 'if':
      case 'with': {
        const kept = this.#variables.length;
        const value = this.#pipe(node.pipe, dot);
        const jump = isTrue(value)
          ? this.walk(node.body, node.kind === 'with' ? value : dot)
          : this.walk(node.otherwise, dot);
        this.#variables.length = kept;
        return jump;
      }
      case 'range':
        return this.#range(node, dot);
      default:
        return node.kind;
    }
  }

  #range(node: Extract<Node, { pipe: Pipe; body: Body }>, dot: unknown): undefined {
    const { variables, declares, commands } = node.pipe;
    const entries = entriesOf(this.#pipe({ variables: [], declares: false, commands }, dot));
    const kept = this.#variables.length;
    for (const [key, value] of entries) {
      const values = variables.length > 1 ? [key, value] : [value];
      for (const [i, name] of variables.entries()) this.#set(name, values[i], declares);
      const jump = this.walk(node.body, value);
      this.#variables.length = kept;
      if (jump === 'break') return undefined;
    }
    if (entries.length === 0) this.walk(node.otherwise, dot);
    return undefined;
  }

  #pipe({ variables, declares, commands }: Pipe, dot: unknown): unknown {
    let value: unknown;
    commands.forEach((command, i) => {
      value = this.#command(command, dot, i === 0 ? [] : [value]);
    });
    for (const name of variables) this.#set(name, value, declares);
    return value;
  }

  #set(name: string, value: unknown, declares: boolean): void {
    if (declares) this.#variables.push({ name, value });
    else this.#variable(name).value = value;
  }

  #variable(name: string): { value: unknown } {
    const found = this.#variables.findLast(variable => variable.name === name);
    if (found === undefined) throw new TemplateError(`there is no variable ${name}`);
    return found;
  }

  /** `before`: the value that is piped in, as the last argument. */
  #command([first, ...rest]: Command, dot: unknown, before: readonly unknown[]): unknown {
    if (first.kind === 'function' && (first.name === 'and' || first.name === 'or'))
      return this.#logic(first.name, rest, dot, before);
    const target = this.#operand(first, dot, true);
    const args = [...rest.map(operand => this.#operand(operand, dot)), ...before];
    if (typeof target === 'function') return target(...args);
    if (args.length === 0) return target;
    throw new TemplateError(`${nameOf(first)} takes no arguments`);
  }

  /** `and` and `or` look no further than they have to. */
  #logic(name: 'and' | 'or', rest: readonly Operand[], dot: unknown, before: readonly unknown[]): unknown {
    let value: unknown;
    for (const operand of rest) {
      value = this.#operand(operand, dot);
      if (isTrue(value) === (name === 'or')) return value;
    }
    return before.length > 0 ? before[0] : value;
  }

  #operand(operand: Operand, dot: unknown, called = false): unknown {
    switch (operand.kind) {
      case 'literal':
        return operand.value;
      case 'function': {
        const found = Object.hasOwn(this.#functions, operand.name)
          ? this.#functions[operand.name]
          : undefined;
        if (found === undefined) throw new TemplateError(`there is no function "${operand.name}"`);
        return called ? found : found();
      }
      case 'group':
        return this.#fields(this.#pipe(operand.pipe, dot), operand.names);
      case 'field': {
        const from = operand.variable === undefined ? dot : this.#variable(operand.variable).value;
        const value = this.#fields(from, operand.names);
        return typeof value === 'function' && !called ? value() : value;
      }
    }
  }

  #fields(from: unknown, names: readonly string[]): unknown {
    return names.reduce((value: unknown, name) => {
      if (value === null || value === undefined) throw new TemplateError(`nil has no field "${name}"`);
      if (typeof value !== 'object') throw new TemplateError(`"${printValue(value)}" has no field "${name}"`);
      if (Object.hasOwn(value, name)) return (value as Record<string, unknown>)[name];
      return this.#absent(value, name);
    }, from);
  }

  /** Where docker's types are known, a null is one of their pointers. */
  #isNothing(value: unknown): boolean {
    return value === undefined || (value === null && !this.#typed);
  }

  #onlyBelow(object: object, name: string): undefined {
    if (object === this.#root) throw new UnknownField(name, Object.keys(object));
  }
}

/** A field that the object does not have; `fields` are those that it has. */
export class UnknownField extends TemplateError {
  readonly field: string;
  readonly fields: readonly string[];
  constructor(field: string, fields: readonly string[]) {
    super(`there is no field "${field}"`);
    this.field = field;
    this.fields = fields;
  }
}

function entriesOf(value: unknown): [unknown, unknown][] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value.map((each, i) => [i, each]);
  if (typeof value === 'object') return sortedEntries(value);
  if (typeof value === 'number') return Array.from({ length: value }, (_, i) => [i, i]);
  throw new TemplateError(`range cannot go through ${printValue(value)}`);
}

function nameOf(operand: Operand): string {
  return operand.kind === 'field' ? `.${operand.names.join('.')}` : `a ${operand.kind}`;
}
