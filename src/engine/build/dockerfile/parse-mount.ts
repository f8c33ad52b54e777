import { didYouMean, nearMisses } from '../../../lib/near-misses.ts';
import { parseCsv } from './csv.ts';
import type { Fail } from './flags.ts';
import type { RunMount } from './run-mount.ts';

/**
 * Reads the value of one `RUN --mount`: comma-separated `key=value`, type `bind` unless it says another. `expand` puts
 * variables into values; a key has none, and neither has `from`, which decides the graph.
 */
export function parseMount(text: string, expand: (word: string) => string, fail: Fail): RunMount {
  const options = new MountOptions(text, expand, fail);
  const type = options.type();
  const keys = keysOf[type];
  const unknown = options.names().find(name => !keys.includes(name));
  if (unknown !== undefined)
    options.refuse(`a mount of type ${type} has no "${unknown}"`, hintFor(unknown, keys));
  return readers[type](options);
}

/** Refuses what is wrong with a mount before its variables are known: its form, and a variable in `from`. */
export function checkMount(text: string, fail: Fail): void {
  const options = new MountOptions(text, word => word, fail);
  if (/\$./.test(options.text('from') ?? '')) {
    fail(`the "from" of "--mount=${text}" cannot have a variable`, {
      hint: 'give the image a name with a stage of its own: FROM $IMAGE AS name',
    });
  }
}

type MountType = RunMount['type'];

const keysOf: Readonly<Record<MountType, readonly string[]>> = {
  bind: ['type', 'from', 'source', 'target', 'readonly'],
  cache: ['type', 'id', 'from', 'source', 'target', 'readonly', 'sharing', 'mode', 'uid', 'gid'],
  tmpfs: ['type', 'target', 'size'],
  secret: ['type', 'id', 'source', 'target', 'env', 'required', 'mode', 'uid', 'gid'],
  ssh: ['type', 'id', 'target', 'required', 'mode', 'uid', 'gid'],
};

/** Other words for a key; `rw` says the opposite of `readonly`. */
const aliases: ReadonlyMap<string, string> = new Map([
  ['src', 'source'],
  ['dst', 'target'],
  ['destination', 'target'],
  ['ro', 'readonly'],
  ['rw', 'readwrite'],
]);

const readers: Readonly<Record<MountType, (options: MountOptions) => RunMount>> = {
  bind: options => ({
    type: 'bind',
    source: options.text('source') ?? '/',
    target: options.text('target') ?? '',
    readOnly: options.boolean('readonly') ?? true,
    ...optional('from', options.text('from')),
  }),
  cache: options => ({
    type: 'cache',
    target: options.needed('target'),
    source: options.text('source') ?? '/',
    readOnly: options.boolean('readonly') ?? false,
    sharing: options.choice('sharing', ['shared', 'private', 'locked']) ?? 'shared',
    ...optional('id', options.text('id')),
    ...optional('from', options.text('from')),
    ...optional('mode', options.number('mode', 8)),
    ...optional('uid', options.number('uid', 10)),
    ...optional('gid', options.number('gid', 10)),
  }),
  tmpfs: options => ({
    type: 'tmpfs',
    target: options.needed('target'),
    ...optional('sizeBytes', options.size('size')),
  }),
  secret: options => {
    const [source, written, target, env] = ['source', 'id', 'target', 'env'].map(name => options.text(name));
    if (source !== undefined && written !== undefined)
      options.refuse('it has both an id and a source', 'take one away');
    const id = source ?? written ?? target?.split('/').at(-1);
    if (id === undefined || id === '')
      return options.refuse('it names no secret', 'write type=secret,id=NAME');
    const place = target ?? (env === undefined ? `/run/secrets/${id.split('/').at(-1)}` : undefined);
    return {
      type: 'secret',
      id,
      ...optional('target', place),
      ...optional('env', env),
      ...owned(options, 0o400),
    };
  },
  ssh: options => ({
    type: 'ssh',
    id: options.text('id') || 'default',
    ...optional('target', options.text('target')),
    ...owned(options, 0o600),
  }),
};

function owned(options: MountOptions, mode: number) {
  return {
    required: options.boolean('required') ?? false,
    mode: options.number('mode', 8) ?? mode,
    uid: options.number('uid', 10) ?? 0,
    gid: options.number('gid', 10) ?? 0,
  };
}

/** The keys and values of one mount; every complaint quotes it. */
class MountOptions {
  readonly #text: string;
  readonly #fail: Fail;
  readonly #values = new Map<string, string>();

  constructor(text: string, expand: (word: string) => string, fail: Fail) {
    this.#text = text;
    this.#fail = fail;
    const fields = parseCsv(text);
    if (fields === undefined)
      this.refuse('its quotes do not match', 'put a value with a comma into double quotes');
    for (const field of fields ?? []) {
      const at = field.indexOf('=');
      const written = (at < 0 ? field : field.slice(0, at)).trim().toLowerCase();
      const name = aliases.get(written) ?? written;
      if (at < 0 && !['readonly', 'readwrite', 'required'].includes(name)) {
        this.refuse(`"${field}" has no value`, 'write each option as key=value');
      }
      const value = at < 0 ? 'true' : expand(field.slice(at + 1));
      if (name !== 'readwrite') this.#values.set(name, value);
      else this.#values.set('readonly', String(!this.#truth('rw', value)));
    }
  }

  names(): string[] {
    return [...this.#values.keys()];
  }

  type(): MountType {
    const types = Object.keys(keysOf) as MountType[];
    return this.choice('type', types) ?? 'bind';
  }

  text(name: string): string | undefined {
    return this.#values.get(name);
  }

  needed(name: string): string {
    return this.text(name) || this.refuse(`it has no ${name}`, `add ${name}=/path`);
  }

  choice<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const value = this.text(name)?.toLowerCase();
    if (value === undefined) return undefined;
    const found = choices.find(choice => choice === value);
    const choice = `it is one of ${choices.join(', ')}`;
    return found ?? this.refuse(`"${value}" is no ${name}`, didYouMean(value, choices, one => one) ?? choice);
  }

  boolean(name: string): boolean | undefined {
    const value = this.text(name);
    return value === undefined ? undefined : this.#truth(name, value);
  }

  number(name: string, base: 8 | 10): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const digits = base === 8 ? /^[0-7]{1,11}$/ : /^\d{1,10}$/;
    const number = digits.test(value) ? Number.parseInt(value, base) : Number.NaN;
    const most = base === 8 ? 0o7777 : 0xfffffffe;
    return number <= most
      ? number
      : this.refuse(`its ${name} "${value}" is no ${base === 8 ? 'mode' : 'number'}`, hints[base]);
  }

  /** Bytes, in binary units as docker has them. */
  size(name: string): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?) ?([kmgtp]?)(?:i?b)?$/i.exec(value) ?? [];
    if (number === '') return this.refuse(`its ${name} "${value}" is no size`, 'write it as in 64m');
    return Math.floor(Number(number) * 1024 ** ' kmgtp'.indexOf(unit.toLowerCase() || ' '));
  }

  refuse(why: string, hint: string): never {
    return this.#fail(`"--mount=${this.#text}" cannot be: ${why}`, { hint });
  }

  #truth(name: string, value: string): boolean {
    if (/^(1|t|true)$/i.test(value)) return true;
    if (/^(0|f|false)$/i.test(value)) return false;
    return this.refuse(`its ${name} "${value}" is neither true nor false`, 'write true or false');
  }
}

const hints = { 8: 'write octal digits, as in 0755', 10: 'write the number of a user or group' } as const;

function hintFor(name: string, keys: readonly string[]): string {
  const [near] = nearMisses(name, keys, 1);
  return near === undefined
    ? `it has ${keys.filter(key => key !== 'type').join(', ')}`
    : `did you mean ${near}?`;
}

function optional<K extends string, T>(name: K, value: T | undefined): { [key in K]?: T } {
  return (value === undefined ? {} : { [name]: value }) as { [key in K]?: T };
}
