import type { BuildRecord, ImageSummary } from '../../engine/index.ts';
import { formatBytes } from '../../lib/format-bytes.ts';
import type { Column, Span, Theme, Tone } from '../components/index.ts';
import {
  buildName,
  type EventRow,
  formatAge,
  formatClock,
  formatSeconds,
  imageName,
  type State,
  shortId,
} from '../model/index.ts';

/** Columns of the images. */
export function imageColumns(state: State): readonly Column<ImageSummary>[] {
  return [
    {
      key: 'name',
      title: 'IMAGE',
      width: 24,
      grow: 3,
      most: 48,
      priority: 0,
      cell: image => [[imageName(image, state.lists.images.filter), 'strong']],
    },
    {
      key: 'more',
      title: 'ALSO',
      width: 8,
      grow: 1,
      most: 30,
      priority: 5,
      cell: image => [[image.references.length > 1 ? `+${image.references.length - 1} names` : '', 'dim']],
    },
    {
      key: 'size',
      title: 'SIZE',
      width: 9,
      align: 'right',
      priority: 0,
      cell: image => [[formatBytes(image.sizeBytes)]],
    },
    {
      key: 'unique',
      title: 'OWN',
      width: 9,
      align: 'right',
      priority: 2,
      cell: image => [[formatBytes(image.uniqueBytes), 'dim']],
    },
    {
      key: 'used',
      title: 'USED BY',
      width: 8,
      align: 'right',
      priority: 3,
      cell: image => [[image.containers.length === 0 ? '' : String(image.containers.length), 'dim']],
    },
    {
      key: 'created',
      title: 'AGE',
      width: 7,
      align: 'right',
      priority: 1,
      cell: image => [[image.created > 0 ? formatAge(state.now - image.created) : 'N/A', 'dim']],
    },
    { key: 'id', title: 'ID', width: 12, priority: 4, cell: image => [[shortId(image.id), 'faint']] },
  ];
}

/** Columns of the builds. */
export function buildColumns(state: State, theme: Theme): readonly Column<BuildRecord>[] {
  return [
    { key: 'glyph', title: '', width: 1, priority: 0, cell: build => [buildGlyph(build, theme)] },
    {
      key: 'name',
      title: 'BUILD',
      width: 12,
      grow: 2,
      most: 32,
      priority: 0,
      cell: build => [[buildName(build), 'strong']],
    },
    {
      key: 'context',
      title: 'CONTEXT',
      width: 12,
      grow: 3,
      most: 40,
      priority: 3,
      cell: build => [[endOfPath(build.context, theme), 'dim']],
    },
    { key: 'target', title: 'TARGET', width: 8, priority: 4, cell: build => [[build.target ?? '', 'dim']] },
    {
      key: 'time',
      title: 'TOOK',
      width: 7,
      align: 'right',
      priority: 1,
      cell: build => [[formatSeconds((build.finished ?? state.now) - build.started)]],
    },
    {
      key: 'started',
      title: 'AGO',
      width: 7,
      align: 'right',
      priority: 2,
      cell: build => [[formatAge(state.now - build.started), 'dim']],
    },
    {
      key: 'state',
      title: 'RESULT',
      width: 10,
      priority: 0,
      cell: build => [[build.state, buildTone(build)]],
    },
  ];
}

/** Columns of the events. */
export function eventColumns(): readonly Column<EventRow>[] {
  return [
    { key: 'time', title: 'TIME', width: 8, priority: 0, cell: event => [[formatClock(event.time), 'dim']] },
    { key: 'type', title: 'WHAT', width: 9, priority: 1, cell: event => [[event.type, 'dim']] },
    { key: 'action', title: 'HAPPENED', width: 13, priority: 0, cell: event => [eventAction(event)] },
    {
      key: 'name',
      title: 'TO',
      width: 12,
      grow: 2,
      most: 40,
      priority: 0,
      cell: event => [[event.name, 'strong']],
    },
    {
      key: 'details',
      title: 'DETAILS',
      width: 10,
      grow: 3,
      priority: 2,
      cell: event => [[eventFacts(event), 'dim']],
    },
  ];
}

/** What happened, in the colour of good or bad news. */
export function eventAction({ action, attributes }: EventRow): Span {
  return [action, actionTone(action, attributes.exitCode)];
}

function actionTone(action: string, exitCode: string | undefined): Tone {
  if (action === 'oom') return 'bad';
  if (action === 'die') return exitTone(exitCode);
  if (['start', 'create', 'unpause', 'restart', 'build', 'pull', 'import'].includes(action)) return 'good';
  return ['kill', 'stop', 'pause', 'destroy', 'delete'].includes(action) ? 'warn' : 'text';
}

/** Ended by SIGTERM or SIGKILL: most often a person meant it. */
function exitTone(exitCode: string | undefined): Tone {
  if (exitCode === undefined || exitCode === '0') return 'dim';
  return exitCode === '143' || exitCode === '137' ? 'warn' : 'bad';
}

function eventFacts({ attributes }: EventRow): string {
  const shown = Object.entries(attributes).filter(([key]) => key !== 'name');
  return shown.map(([key, value]) => `${key}=${value}`).join(' ');
}

function buildGlyph({ state }: BuildRecord, { glyphs }: Theme): Span {
  if (state === 'running') return [glyphs.running, 'accent'];
  if (state === 'succeeded') return [glyphs.done, 'good'];
  return [glyphs.failed, state === 'cancelled' ? 'dim' : 'bad'];
}

function buildTone({ state }: BuildRecord): Tone {
  if (state === 'running') return 'accent';
  if (state === 'succeeded') return 'good';
  return state === 'cancelled' ? 'dim' : 'bad';
}

/** The part of a folder's path by which people know it: the last two names. */
function endOfPath(path: string, { glyphs }: Theme): string {
  const names = path.split('/').filter(Boolean);
  return path.startsWith('/') && names.length > 3 ? `${glyphs.ellipsis}/${names.slice(-2).join('/')}` : path;
}
