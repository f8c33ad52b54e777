import type {
  BuildRequest,
  ContainerMount,
  ContainerSpec,
  PublishedPort,
  RestartPolicy,
} from '../../engine/index.ts';

/** What a form holds: field name to text. */
export type FormValues = Readonly<Record<string, string>>;
export type FormKind = 'build' | 'run';

/** One line of a form. */
export interface FormField {
  readonly name: string;
  readonly label: string;
  /** Shown dim while the field is empty. */
  readonly example: string;
  /** A field with choices is turned with space or the arrows instead of typed into. */
  readonly choices?: readonly string[];
}

/** A form on screen. */
export interface FormState {
  readonly kind: FormKind;
  readonly values: FormValues;
  readonly field: number;
  /** Position in the text of the field. */
  readonly cursor: number;
  readonly error?: { readonly field: string; readonly text: string };
}

const yesNo = ['no', 'yes'];

export const formFields: Readonly<Record<FormKind, readonly FormField[]>> = {
  build: [
    { name: 'context', label: 'Context folder', example: '. (the current folder)' },
    { name: 'dockerfile', label: 'Dockerfile', example: 'Dockerfile in the context' },
    { name: 'tag', label: 'Tags', example: 'app:1.0' },
    { name: 'target', label: 'Target stage', example: 'the last one' },
    { name: 'args', label: 'Build args', example: "VERSION=1.2 NAME='two words'" },
    { name: 'cache', label: 'Use the cache', example: '', choices: ['yes', 'no'] },
    { name: 'pull', label: 'Base images', example: '', choices: ['fetch if missing', 'fetch anew'] },
  ],
  run: [
    { name: 'image', label: 'Image', example: 'app:1.0' },
    { name: 'name', label: 'Name', example: 'made up' },
    { name: 'ports', label: 'Ports', example: '8080:80 127.0.0.1:5353:53/udp' },
    { name: 'env', label: 'Environment', example: "MODE=fast GREETING='two words'" },
    { name: 'volumes', label: 'Volumes', example: 'data:/var/lib/app /etc/app:/etc/app:ro' },
    { name: 'cpus', label: 'CPU limit', example: 'cores, such as 1.5' },
    { name: 'memory', label: 'Memory limit', example: '512m, 2g' },
    { name: 'command', label: 'Command', example: "the image's own" },
    {
      name: 'restart',
      label: 'Restart',
      example: '',
      choices: ['no', 'on-failure', 'always', 'unless-stopped'],
    },
    { name: 'remove', label: 'Remove at exit', example: '', choices: yesNo },
  ],
};

/** A form with the values to begin with; a field with choices has its first one. */
export function openForm(kind: FormKind, values: FormValues): FormState {
  const full = Object.fromEntries(
    formFields[kind].map(field => [field.name, values[field.name] ?? field.choices?.[0] ?? '']),
  );
  const first = formFields[kind][0]?.name ?? '';
  return { kind, values: full, field: 0, cursor: (full[first] ?? '').length };
}

/** What is wrong with a form: which field, and one sentence. */
export interface FormProblem {
  readonly field: string;
  readonly text: string;
}

/** What was read from a form, or what is wrong with it. */
export type Parsed<T> = { readonly value: T } | { readonly problem: FormProblem };

/** The build that the form asks for. Paths are as typed: the caller resolves them. */
export function parseBuildForm(values: FormValues): Parsed<BuildRequest> {
  const args: Record<string, string> = {};
  for (const word of splitWords(values.args ?? '')) {
    const at = word.indexOf('=');
    if (at < 1) return problem('args', `"${word}" is not of the form NAME=value`);
    args[word.slice(0, at)] = word.slice(at + 1);
  }
  const tags = splitWords(values.tag ?? '');
  return {
    value: {
      context: text(values, 'context') ?? '.',
      ...optional('dockerfile', text(values, 'dockerfile')),
      ...(tags.length === 0 ? {} : { tags }),
      ...optional('target', text(values, 'target')),
      ...(Object.keys(args).length === 0 ? {} : { buildArgs: args }),
      ...(values.cache === 'no' ? { noCache: true } : {}),
      ...(values.pull === 'fetch anew' ? { pull: 'always' as const } : {}),
    },
  };
}

/** The container that the form asks for. */
export function parseRunForm(values: FormValues): Parsed<ContainerSpec> {
  const image = text(values, 'image');
  if (image === undefined) return problem('image', 'name the image to run');
  const ports = collect('ports', splitWords(values.ports ?? ''), parsePort);
  if ('problem' in ports) return ports;
  const mounts = collect('volumes', splitWords(values.volumes ?? ''), parseMount);
  if ('problem' in mounts) return mounts;
  const env = splitWords(values.env ?? '');
  const wrong = env.find(word => word.indexOf('=') < 1);
  if (wrong !== undefined) return problem('env', `"${wrong}" is not of the form NAME=value`);
  const cpus = text(values, 'cpus');
  if (cpus !== undefined && !/^\d*\.?\d+$/.test(cpus))
    return problem('cpus', `"${cpus}" is not a number of cores`);
  const memory = text(values, 'memory');
  const memoryBytes = memory === undefined ? undefined : parseMemory(memory);
  if (memory !== undefined && memoryBytes === undefined)
    return problem('memory', `"${memory}" is not a size; write it as 512m or 2g`);
  const command = splitWords(values.command ?? '');
  const limits = {
    ...(cpus === undefined ? {} : { cpus: Number(cpus) }),
    ...(memoryBytes === undefined ? {} : { memoryBytes }),
  };
  if (values.remove === 'yes' && values.restart !== 'no')
    return problem('remove', 'a container that is removed at its exit cannot be restarted');
  return {
    value: {
      image,
      ...optional('name', text(values, 'name')),
      ...(ports.value.length === 0 ? {} : { ports: ports.value }),
      ...(env.length === 0 ? {} : { env }),
      ...(mounts.value.length === 0 ? {} : { mounts: mounts.value }),
      ...(Object.keys(limits).length === 0 ? {} : { limits }),
      ...(command.length === 0 ? {} : { command }),
      ...(values.restart === 'no' ? {} : { restart: restartPolicy(values.restart ?? '') }),
      ...(values.remove === 'yes' ? { autoRemove: true } : {}),
    },
  };
}

/** Splits a line into words as a shell does: quotes and backslashes keep spaces. */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  let word = '';
  let open = '';
  let begun = false;
  for (let i = 0; i < line.length; i++) {
    const char = line.charAt(i);
    if (char === '\\' && open !== "'" && i + 1 < line.length) {
      word += line.charAt(++i);
      begun = true;
    } else if (open !== '') {
      if (char === open) open = '';
      else word += char;
    } else if (char === '"' || char === "'") {
      open = char;
      begun = true;
    } else if (/\s/.test(char)) {
      if (begun) words.push(word);
      [word, begun] = ['', false];
    } else {
      word += char;
      begun = true;
    }
  }
  if (begun) words.push(word);
  return words;
}

function parsePort(word: string): PublishedPort | string {
  const match = /^(?:(?:(\[[^\]]+\]|[^:]+):)?(\d*):)?(\d+)(?:\/(tcp|udp|sctp))?$/.exec(word);
  const [, given = '', host = '', container = '', protocol = 'tcp'] = match ?? [];
  const [hostPort, containerPort] = [Number(host), Number(container)];
  if (match === null || containerPort < 1 || containerPort > 65_535 || hostPort > 65_535)
    return `"${word}" is not a port; write HOST:CONTAINER, such as 8080:80`;
  const hostAddress = given.replace(/^\[(.*)\]$/, '$1');
  return { protocol: protocol as PublishedPort['protocol'], hostAddress, hostPort, containerPort };
}

function parseMount(word: string): ContainerMount | string {
  const [source = '', target = '', mode = 'rw', ...more] = word.split(':');
  const anonymous = target === '';
  const path = anonymous ? source : target;
  if (!path.startsWith('/') || more.length > 0 || !/^(ro|rw)$/.test(mode))
    return `"${word}" is not a volume; write NAME:/path or /folder:/path, and :ro if it may only be read`;
  const readOnly = mode === 'ro';
  if (/^[/.~]/.test(source) && !anonymous)
    return { type: 'bind', source, target: path, readOnly, createSource: true }; // as -v does
  return { type: 'volume', name: anonymous ? '' : source, target: path, readOnly };
}

function parseMemory(word: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?$/i.exec(word);
  if (match === null) return undefined;
  const power = ['', 'k', 'm', 'g', 't'].indexOf((match[2] ?? '').toLowerCase());
  return Math.round(Number(match[1]) * 1024 ** power);
}

function restartPolicy(name: string): RestartPolicy {
  if (name === 'on-failure') return { name, maximumRetries: 0 };
  return { name: name === 'always' || name === 'unless-stopped' ? name : 'no' };
}

function collect<T extends object>(
  field: string,
  words: readonly string[],
  parse: (word: string) => T | string,
): Parsed<T[]> {
  const value: T[] = [];
  for (const word of words) {
    const one = parse(word);
    if (typeof one === 'string') return problem(field, one);
    value.push(one);
  }
  return { value };
}

function problem(field: string, sentence: string): { problem: FormProblem } {
  return { problem: { field, text: sentence } };
}

function text(values: FormValues, name: string): string | undefined {
  const value = (values[name] ?? '').trim();
  return value === '' ? undefined : value;
}

function optional<K extends string>(key: K, value: string | undefined): Partial<Record<K, string>> {
  return (value === undefined ? {} : { [key]: value }) as Partial<Record<K, string>>;
}
