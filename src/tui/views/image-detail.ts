import type { ImageDetails, ImageSummary } from '../../engine/index.ts';
import { formatBytes } from '../../lib/format-bytes.ts';
import { type Line, meter, type Theme } from '../components/index.ts';
import { formatAge, type State } from '../model/index.ts';
import { factLines } from './container-detail.ts';

/** The instructions that made the image, oldest first, with what each one weighs. */
export function imageLayers(state: State, image: ImageSummary, width: number, theme: Theme): Line[] {
  const details = detailsOf(state, image);
  if (details === undefined) return [{ spans: [[' reading', 'dim']] }];
  const heaviest = Math.max(1, ...details.history.map(step => step.sizeBytes));
  return details.history.map(step => ({
    spans: [
      [
        step.emptyLayer ? ''.padStart(10) : formatBytes(step.sizeBytes).padStart(10),
        step.emptyLayer ? 'faint' : 'text',
      ],
      [' '],
      ...meter(step.sizeBytes / heaviest, 10, 'used', theme.glyphs),
      [` ${step.createdBy}`.slice(0, Math.max(1, width)), step.emptyLayer ? 'dim' : 'text'],
    ],
  }));
}

/** What the image says about how to run it. */
export function imageConfig(state: State, image: ImageSummary, width: number): Line[] {
  const details = detailsOf(state, image);
  if (details === undefined) return [{ spans: [[' reading', 'dim']] }];
  return configFacts(details, state.now).flatMap(([label, value]) =>
    value === '' ? [] : factLines(label, value, width),
  );
}

function detailsOf(state: State, image: ImageSummary): ImageDetails | undefined {
  return state.image?.id === image.id ? state.image : undefined;
}

function configFacts(details: ImageDetails, now: number): (readonly [string, string])[] {
  const { config } = details;
  const settings = config.config;
  return [
    ['id', details.id],
    ['manifest', details.manifestDigest],
    ['names', details.references.join('\n')],
    ['platform', `${details.platform.os}/${details.platform.architecture}`],
    ['created', `${formatAge(now - details.created)} ago`],
    ['size', `${formatBytes(details.sizeBytes)}, of which ${formatBytes(details.uniqueBytes)} are its own`],
    ['entrypoint', settings.Entrypoint?.join(' ') ?? ''],
    ['command', settings.Cmd?.join(' ') ?? ''],
    ['working folder', settings.WorkingDir ?? ''],
    ['user', settings.User ?? ''],
    ['ports', Object.keys(settings.ExposedPorts ?? {}).join(' ')],
    ['volumes', Object.keys(settings.Volumes ?? {}).join(' ')],
    ['environment', settings.Env?.join('\n') ?? ''],
    [
      'labels',
      Object.entries(details.labels)
        .map(([key, value]) => `${key}=${value}`)
        .join('\n'),
    ],
  ];
}
