import type { ImageDetails, ImageSummary, ImageWaste } from '../../engine/index.ts';
import { formatBytes } from '../../lib/format-bytes.ts';
import { type Line, meter, type Span, type Theme } from '../components/index.ts';
import { formatAge, type State } from '../model/index.ts';
import { factLines } from './container-detail.ts';

/**
 * The instructions that made the image, oldest first, with what each one weighs and what of that later ones hide; then
 * the largest files that are shipped and never seen.
 */
export function imageLayers(state: State, image: ImageSummary, width: number, theme: Theme): Line[] {
  const details = detailsOf(state, image);
  if (details === undefined) return [{ spans: [[' reading', 'dim']] }];
  const heaviest = Math.max(1, ...details.history.map(step => step.sizeBytes));
  const waste = state.imageWaste?.id === image.id ? state.imageWaste : undefined;
  const steps = details.history.map(
    (step, index): Line => ({
      spans: [
        [
          step.emptyLayer ? ''.padStart(10) : formatBytes(step.sizeBytes).padStart(10),
          step.emptyLayer ? 'faint' : 'text',
        ],
        [' '],
        ...meter(step.sizeBytes / heaviest, 10, 'used', theme.glyphs),
        ...hiddenOf(waste?.steps[index]?.hiddenBytes ?? 0),
        [` ${step.createdBy}`.slice(0, Math.max(1, width)), step.emptyLayer ? 'dim' : 'text'],
      ],
    }),
  );
  return waste === undefined ? steps : [...steps, ...wasteLines(waste, width)];
}

function hiddenOf(bytes: number): Span[] {
  return bytes === 0 ? [] : [[` ${formatBytes(bytes)} never shows`, 'warn']];
}

function wasteLines(
  { sizeBytes, hiddenBytes, uniqueBytes, machineBytes, files, fileCount }: ImageWaste,
  width: number,
): Line[] {
  const shared = sizeBytes - uniqueBytes;
  const facts = `${formatBytes(shared)} shared with other images, ${formatBytes(uniqueBytes)} only its own`;
  const machine = `a snapshot of this machine would hold ${formatBytes(machineBytes)}`;
  const told = [`${facts}; ${machine}`].flatMap(text =>
    text.length < width ? text : [`${facts};`, machine],
  );
  const lines: Line[] = [{ spans: [] }, ...told.map((text): Line => ({ spans: [[` ${text}`, 'dim']] }))];
  if (hiddenBytes === 0) return [...lines, { spans: [[' every file that it ships is seen', 'dim']] }];
  const what = `${formatBytes(hiddenBytes)} ship and never show: later steps delete or overwrite them`;
  const rows = files.map(
    (file): Line => ({
      spans: [
        [formatBytes(file.bytes).padStart(10), 'warn'],
        [` ${file.path}`],
        [`  made by step ${file.madeBy + 1}, ${file.how} by step ${file.hiddenBy + 1}`, 'dim'],
      ],
    }),
  );
  const more: Line[] =
    fileCount > files.length ? [{ spans: [[` and ${fileCount - files.length} more`, 'dim']] }] : [];
  return [...lines, { spans: [[` ${what}`, 'warn']] }, ...rows, ...more];
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
    ['created', details.created > 0 ? `${formatAge(now - details.created)} ago` : 'N/A'],
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
