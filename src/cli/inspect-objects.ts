import type { Engine } from '../engine/index.ts';
import { isPlimsollError, PlimsollError } from '../errors.ts';
import { containerJson, imageJson, networkJson, sizesOf, surroundingsOf, volumeJson } from '../wire/index.ts';
import type { Cli } from './cli.ts';
import { absentFieldOf } from './inspect-fields.ts';
import { requirePlatform } from './platform-option.ts';
import { reportError } from './report-error.ts';

/** What `inspect` can be asked for. */
export interface InspectOptions {
  readonly type?: string;
  readonly format?: string;
  /** Also what each container has written: walks its files. */
  readonly size?: true;
  /** Of images: an error where one is for another. */
  readonly platform?: string;
}

/** Each by its name, as docker's API describes it; in docker's order of kinds. */
const kinds: Readonly<Record<string, (engine: Engine, name: string, size: boolean) => Promise<object>>> = {
  async container(engine, name, size) {
    const details = engine.containers.inspect(name);
    const sizes = await sizesOf(engine, [details], size);
    return containerJson(details, { ...surroundingsOf(engine), sizes: sizes.get(details.id) });
  },
  image: async ({ images }, name) => imageJson(images.inspect(name), newestMinor),
  volume: async ({ volumes }, name) => volumeJson(volumes.inspect(name)),
  async network({ networks, containers }, name) {
    const names = new Map(containers.list({ all: true }).map(container => [container.id, container.name]));
    return networkJson(networks.inspect(name), id => names.get(id) ?? '', newestMinor);
  },
};

/** No field of an older API is wanted. */
const newestMinor = 51;

/** Writes objects as a JSON array, or each by a template; exit code 1 if one is not there. */
export async function inspectObjects(
  cli: Cli,
  names: readonly string[],
  { type, format, size, platform }: InspectOptions,
): Promise<void> {
  const engine = await cli.engine();
  const write = format?.includes('{{') ? (await import('./format/template.ts')).formatObject : undefined;
  const found: object[] = [];
  for (const name of names) {
    try {
      requirePlatform(engine, name, platform);
      const facts = await look(engine, name, type, size === true);
      if (write === undefined) found.push(facts);
      else cli.stdout.write(write(facts, format ?? '', absentFieldOf(facts)));
    } catch (error) {
      if (isPlimsollError(error, 'invalid-argument')) throw error; // the same for all
      reportError(error, cli);
      cli.setExitCode(1);
    }
  }
  if (write === undefined)
    cli.stdout.write(`${JSON.stringify(found, undefined, format === 'json' ? undefined : 4)}\n`);
}

/** The first kind of object that has the name. */
async function look(engine: Engine, name: string, type: string | undefined, size: boolean): Promise<object> {
  if (type !== undefined && !Object.hasOwn(kinds, type)) {
    throw new PlimsollError('invalid-argument', `there is no kind "${type}"`, {
      code: 'BAD_OPTION',
      hint: `there are ${Object.keys(kinds).join(', ')}`,
    });
  }
  for (const [kind, describe] of Object.entries(kinds)) {
    if (type !== undefined && type !== kind) continue;
    try {
      return await describe(engine, name, size);
    } catch (error) {
      if (!isPlimsollError(error, 'not-found')) throw error;
    }
  }
  throw new PlimsollError('not-found', `there is no ${type ?? 'object'} "${name}"`, {
    code: 'OBJECT_NOT_FOUND',
    hint: hints[type ?? ''] ?? "see 'plimsoll ps -a' and 'plimsoll images'",
  });
}

const hints: Readonly<Record<string, string>> = {
  container: "'plimsoll ps --all' lists them",
  image: "run 'plimsoll images' to see what is here",
  volume: "'plimsoll volume ls' lists them",
  network: "'plimsoll network ls' lists them, 'plimsoll network create' makes one",
};
