import { PlimsollError } from '../errors.ts';
import { isDigest } from './digest.ts';
import type { HealthcheckConfig, ImageConfig, ImageHistory, ImageProcessConfig } from './image-config.ts';
import { type JsonReader, readJson } from './json-reader.ts';

/**
 * Reads the config of an image as its publisher wrote it, filling in what is missing or null. Unknown fields are left
 * out here; they stay in the bytes, whose digest is the image's id. Throws `data-loss` (`BAD_DOCUMENT`).
 */
export function parseImageConfig(bytes: Uint8Array): ImageConfig {
  const json = readJson(bytes, 'the image config');
  const process = json.object('config');
  return {
    ...defined({
      created: json.text('created'),
      author: json.text('author'),
      variant: filled(json.text('variant')),
    }),
    architecture: json.text('architecture') ?? 'unknown',
    os: json.text('os') ?? 'linux',
    config: process === undefined ? {} : readProcess(process),
    rootfs: { type: 'layers', diff_ids: readDiffIds(json) },
    history: (json.objects('history') ?? []).map(readHistory),
  };
}

function readDiffIds(json: JsonReader): readonly string[] {
  const diffIds = json.object('rootfs')?.texts('diff_ids') ?? [];
  const wrong = diffIds.find(diffId => !isDigest(diffId) || !diffId.startsWith('sha256:'));
  if (wrong === undefined) return diffIds;
  throw new PlimsollError(
    'data-loss',
    `the image config names a layer "${wrong.slice(0, 80)}", which is no sha256 digest`,
    {
      code: 'BAD_DOCUMENT',
      hint: 'whoever published it has to mend it',
    },
  );
}

function readProcess(json: JsonReader): ImageProcessConfig {
  const health = json.object('Healthcheck');
  return defined({
    User: json.text('User'),
    ExposedPorts: setOf(json.keys('ExposedPorts')),
    Env: json.texts('Env'),
    Entrypoint: words(json, 'Entrypoint'),
    Cmd: words(json, 'Cmd'),
    Volumes: setOf(json.keys('Volumes')),
    WorkingDir: json.text('WorkingDir'),
    Labels: json.pairs('Labels'),
    StopSignal: json.text('StopSignal'),
    Healthcheck: health === undefined ? undefined : readHealthcheck(health),
    OnBuild: json.texts('OnBuild'),
    Shell: json.texts('Shell'),
    ArgsEscaped: json.flag('ArgsEscaped'),
  });
}

/** Old builders wrote a command of one word as a text. */
function words(json: JsonReader, key: string): readonly string[] | undefined {
  try {
    return json.texts(key);
  } catch (error) {
    const word = json.text(key);
    if (word === undefined) throw error;
    return [word];
  }
}

function readHealthcheck(json: JsonReader): HealthcheckConfig | undefined {
  const test = json.texts('Test');
  if (test === undefined) return undefined;
  return {
    Test: test,
    ...defined({
      Interval: json.integer('Interval'),
      Timeout: json.integer('Timeout'),
      StartPeriod: json.integer('StartPeriod'),
      StartInterval: json.integer('StartInterval'),
      Retries: json.integer('Retries'),
    }),
  };
}

function readHistory(json: JsonReader): ImageHistory {
  return defined({
    created: json.text('created'),
    created_by: json.text('created_by'),
    comment: json.text('comment'),
    empty_layer: json.flag('empty_layer'),
  });
}

function setOf(keys: readonly string[] | undefined): Record<string, Record<string, never>> | undefined {
  return keys && Object.fromEntries(keys.map(key => [key, {}]));
}

function filled(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

type Defined<T> = { readonly [key in keyof T]?: Exclude<T[key], undefined> };

/** The same object without its undefined members. */
function defined<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}
