import type { ImageDetails } from '../engine/index.ts';
import { defined } from '../lib/defined.ts';
import type { ImageConfig, ImageProcessConfig } from '../oci/index.ts';
import { formatReference, parseReference } from '../oci/index.ts';
import { JsonFields } from './json-fields.ts';
import { readTime } from './time.ts';

/** What the list of images says of one, and its users. */
export interface ImageSurroundings {
  /** Ids of containers made from it. */
  readonly containers: readonly string[];
  /** Bytes that it shares with others, where that is known. */
  readonly sharedBytes?: number | undefined;
}

/**
 * An image as `GET /images/{name}/json` and `GET /images/{name}/history` of any engine answer. Docker's API does not
 * say how large a layer is; the step that made it does, and the two are matched in their order.
 */
export function toImageDetails(
  json: unknown,
  history: readonly unknown[],
  { containers, sharedBytes = 0 }: ImageSurroundings,
): ImageDetails {
  const fields = new JsonFields(json, 'image');
  const diffIds = fields.object('RootFS').texts('Layers') ?? [];
  const steps = toSteps(history);
  const sizes = steps.filter(({ emptyLayer }) => !emptyLayer).map(step => step.sizeBytes);
  const aligned = sizes.length === diffIds.length ? sizes : [];
  const sizeBytes = fields.number('Size') ?? 0;
  const platform = {
    os: fields.words('Os') ?? 'linux',
    architecture: fields.words('Architecture') ?? 'unknown',
    ...defined({ variant: fields.words('Variant') }),
  };
  const config = toConfig(fields, platform, diffIds);
  const references = [...(fields.texts('RepoTags') ?? []), ...(fields.texts('RepoDigests') ?? [])].flatMap(
    fullReference,
  );
  return {
    id: fields.text('Id') ?? '',
    references,
    created: readTime(fields.text('Created')) ?? 0,
    sizeBytes,
    uniqueBytes: Math.max(0, sizeBytes - sharedBytes),
    containers,
    labels: config.config.Labels ?? {},
    platform,
    config,
    manifestDigest: references.find(reference => reference.includes('@'))?.split('@')[1] ?? '',
    layers: diffIds.map((diffId, i) => ({ diffId, sizeBytes: aligned[i] ?? 0 })),
    history: steps,
  };
}

function toSteps(history: readonly unknown[]): ImageDetails['history'] {
  return history.toReversed().map(value => {
    const fields = new JsonFields(value, 'history');
    const sizeBytes = fields.number('Size') ?? 0;
    return {
      created: (fields.number('Created') ?? 0) * 1000,
      createdBy: fields.text('CreatedBy') ?? '',
      ...defined({ comment: fields.words('Comment') }),
      emptyLayer: sizeBytes === 0,
      sizeBytes,
    };
  });
}

function toConfig(
  fields: JsonFields,
  platform: ImageDetails['platform'],
  diffIds: readonly string[],
): ImageConfig {
  const given = fields.object('Config');
  const process: ImageProcessConfig = defined({
    User: given.words('User'),
    Env: given.texts('Env'),
    Entrypoint: given.oneOrMore('Entrypoint'),
    Cmd: given.oneOrMore('Cmd'),
    WorkingDir: given.words('WorkingDir'),
    Labels: given.pairs('Labels'),
    StopSignal: given.words('StopSignal'),
    ExposedPorts: names(given, 'ExposedPorts'),
    Volumes: names(given, 'Volumes'),
  });
  return {
    ...platform,
    ...defined({ created: fields.words('Created'), author: fields.words('Author') }),
    config: process,
    rootfs: { type: 'layers', diff_ids: diffIds },
    history: [],
  };
}

function names(fields: JsonFields, name: string): Record<string, Record<string, never>> | undefined {
  const found = fields.entries(name);
  return found.length === 0 ? undefined : Object.fromEntries(found.map(([each]) => [each, {}]));
}

/** Docker's short form of a name as the engine has it; `<none>` is no name. */
function fullReference(text: string): string[] {
  if (text.includes('<none>')) return [];
  try {
    return [formatReference(parseReference(text))];
  } catch {
    return [];
  }
}
