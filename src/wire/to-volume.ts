import type { Volume } from '../engine/index.ts';
import { JsonFields } from './json-fields.ts';
import { readTime } from './time.ts';

/** A volume as any engine answers; `containers`: ids of those that mount it. */
export function toVolume(json: unknown, containers: readonly string[]): Volume {
  const fields = new JsonFields(json, 'volume');
  const name = fields.text('Name') ?? '';
  const labels = fields.pairs('Labels') ?? {};
  return {
    name,
    path: fields.text('Mountpoint') ?? '',
    anonymous: 'com.docker.volume.anonymous' in labels || /^[0-9a-f]{64}$/.test(name),
    labels,
    created: readTime(fields.text('CreatedAt')) ?? 0,
    containers,
    options: fields.pairs('Options') ?? {},
  };
}
