import { PlimsollError } from '../../../errors.ts';
import type { ContainerRecord } from '../records.ts';
import type { LogEntry, LogSpec } from '../types.ts';

/** Options that say what of a container its log tells of its origin; docker's, for the drivers that keep it. */
export const attributeOptions = ['labels', 'labels-regex', 'env', 'env-regex', 'tag'] as const;

type Logged = Pick<ContainerRecord, 'id' | 'name' | 'imageId' | 'imageName' | 'spec' | 'resolved'>;

/**
 * What a container's log tells of its origin with each line, as docker's `logs --details` writes it: `env=prod,tag=web`,
 * in the order of the names, escaped as in a query. The journal has names in capitals, and keeps the tag elsewhere.
 */
export function logAttributes(container: Logged): string {
  const { driver = 'json-file', options = {} } = container.spec.log ?? {};
  const { labels, env } = { labels: container.resolved.labels, env: variablesOf(container) };
  const found = new Map([
    ...chosen(labels, options.labels, options['labels-regex']),
    ...chosen(env, options.env, options['env-regex']),
  ]);
  if (driver !== 'journald' && options.tag) found.set('tag', expandTag(options.tag, container));
  const nameOf = driver === 'journald' ? journalName : (name: string) => name;
  return [...found]
    .map(([name, value]) => [nameOf(name), value] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => new URLSearchParams([[name, value]]).toString())
    .join();
}

/** The same entries, each with what its log says of its origin. */
export async function* withAttributes(
  entries: AsyncIterable<LogEntry>,
  attributes: string,
): AsyncGenerator<LogEntry> {
  for await (const entry of entries) yield { ...entry, attributes };
}

/** A tag with what docker's templates put in: `{{.Name}}`, `{{.ID}}`. Throws `LOG_OPTION_INVALID` for any other word. */
export function expandTag(
  template: string,
  { id, name, imageId, imageName }: Pick<Logged, 'id' | 'name' | 'imageId' | 'imageName'>,
): string {
  const short = (digest: string) => digest.replace(/^sha256:/, '').slice(0, 12);
  const words: Readonly<Record<string, string>> = {
    ID: id.slice(0, 12),
    FullID: id,
    Name: name,
    ImageID: short(imageId),
    ImageFullID: imageId,
    ImageName: imageName,
    DaemonName: 'docker',
  };
  return template.replace(/\{\{(.*?)\}\}/gs, (whole, inner: string) => {
    const value = words[/^\s*\.(\w+)\s*$/.exec(inner)?.[1] ?? ''];
    if (value !== undefined) return value;
    throw invalid(
      `a log has no tag "${whole}"`,
      `there are ${Object.keys(words)
        .map(each => `{{.${each}}}`)
        .join(', ')}`,
    );
  });
}

/** Throws `invalid-argument` (`LOG_OPTION_INVALID`) for what is no pattern, and no tag. */
export function checkAttributes(options: NonNullable<LogSpec['options']>): void {
  for (const name of ['labels-regex', 'env-regex'] as const) {
    try {
      new RegExp(options[name] ?? '');
    } catch {
      throw invalid(`"${options[name]}" is no regular expression`, `write ${name} as in ^com\\.example`);
    }
  }
  if (options.tag) expandTag(options.tag, { id: '', name: '', imageId: '', imageName: '' });
}

function chosen(
  all: Readonly<Record<string, string>>,
  names: string | undefined,
  pattern: string | undefined,
): [string, string][] {
  const wanted = new Set(names?.split(',') ?? []);
  const fits = pattern ? new RegExp(pattern) : undefined;
  return Object.entries(all).filter(([name]) => wanted.has(name) || fits?.test(name) === true);
}

function variablesOf({ resolved }: Logged): Record<string, string> {
  return Object.fromEntries(
    resolved.env.map(entry => {
      const at = entry.indexOf('=');
      return [entry.slice(0, at), entry.slice(at + 1)];
    }),
  );
}

/** systemd.journal-fields(7): capitals, digits and underscores, of which none is first. */
function journalName(name: string): string {
  return name
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, '_')
    .replace(/^_+/, '');
}

function invalid(message: string, hint: string): PlimsollError {
  return new PlimsollError('invalid-argument', message, { code: 'LOG_OPTION_INVALID', hint });
}
