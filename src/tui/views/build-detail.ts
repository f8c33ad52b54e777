import type { BuildRecord } from '../../engine/index.ts';
import { fitCells, wrapCells } from '../../lib/cell-text.ts';
import { formatBytes } from '../../lib/format-bytes.ts';
import type { Line, Span, Theme, Tone } from '../components/index.ts';
import {
  type Area,
  type BuildView,
  formatSeconds,
  type State,
  type StepView,
  shortId,
} from '../model/index.ts';

/** Lines of a pane, and how many of them, from the first on, lead to where something happens. */
export interface Content {
  readonly lines: readonly Line[];
  readonly at?: number;
}

/**
 * The graph of a build, a step on each line: its state, time, cache and weight. Below a step that runs or failed is what
 * it says; at the end, how the build ended.
 */
export function buildSteps(state: State, build: BuildRecord, area: Area, theme: Theme): Content {
  const { width, height } = area;
  const view = viewOf(state, build);
  if (view === undefined) return { lines: [{ spans: [[' reading', 'dim']] }] };
  const left = view.outcome === 'running' ? [] : view.steps.filter(step => step.state === 'waiting');
  const shown = left.length > 1 ? view.steps.filter(step => step.state !== 'waiting') : view.steps;
  const end = [
    ...(left.length > 1 ? [leftLine(left.length, theme)] : []),
    ...resultLines(build, view, width, theme),
    ...warningLines(view, width),
  ];
  const talking = shown.filter(isTalking).length;
  const spare = height - shown.length - end.length;
  const room = Math.max(3, Math.floor(spare / Math.max(1, talking)));
  const blocks = shown.map(step => [
    stepLine(step, view, { width, now: state.now }, theme),
    ...(isTalking(step) ? outputOf(step, view, width).slice(-room) : []),
  ]);
  const lines = [...blocks.flat(), ...end];
  if (view.outcome !== 'running') return { lines, at: lines.length };
  const running = shown.findLastIndex(isTalking);
  return { lines, at: blocks.slice(0, running + 1).flat().length + 1 };
}

/** What a build that ended has not come to: no more than a word. */
function leftLine(count: number, { glyphs }: Theme): Line {
  return {
    spans: [
      [` ${glyphs.created} `, 'faint'],
      [`${count} more steps, not begun`, 'dim'],
    ],
  };
}

function isTalking({ state }: StepView): boolean {
  return state === 'running' || state === 'failed';
}

/** The last that a step has written. */
function outputOf({ id }: StepView, { output }: BuildView, width: number): Line[] {
  return output
    .read(Math.max(output.first, output.end - 200), output.end)
    .filter(line => line.time === `#${id}`)
    .flatMap(line => wrapCells(line.text, Math.max(8, width - 6)))
    .map(piece => ({ spans: [['     '], [piece, 'dim']] }));
}

function warningLines({ warnings, outcome }: BuildView, width: number): Line[] {
  if (outcome === 'running') return [];
  return warnings.flatMap(warning =>
    wrapCells(`warning: ${warning}`, Math.max(8, width - 4)).map(
      (piece): Line => ({ spans: [['   '], [piece, 'warn']] }),
    ),
  );
}

/** All that the steps have written, the newest at the end. */
export function buildLog(state: State, build: BuildRecord, width: number): Line[] {
  const view = viewOf(state, build);
  if (view === undefined) return [{ spans: [[' reading', 'dim']] }];
  if (view.output.end === 0) return [{ spans: [[' No output.', 'dim']] }];
  return view.output
    .read(Math.max(view.output.first, view.output.end - 5000), view.output.end)
    .flatMap(line =>
      wrapCells(line.text, width - 8).map(
        (piece, i): Line => ({
          spans: [
            [i === 0 ? `${line.time.padStart(4)}  ` : '      ', 'faint'],
            [piece, line.stream === 'stderr' ? 'dim' : 'text'],
          ],
        }),
      ),
    );
}

function viewOf(state: State, build: BuildRecord): BuildView | undefined {
  return state.build?.id === build.id ? state.build : undefined;
}

function stepLine(
  step: StepView,
  { outcome }: BuildView,
  { width, now }: { readonly width: number; readonly now: number },
  theme: Theme,
): Line {
  const [glyph, tone] = stepGlyph(step, theme);
  const nameWidth = Math.min(72, Math.max(20, width - 44));
  const name = fitCells(step.name.replace(/\s+/g, ' '), nameWidth, 'left', theme.glyphs.ellipsis);
  const { started } = step;
  const until = step.finished ?? (outcome === 'running' ? now : started);
  const took = started === undefined || until === undefined ? '' : formatSeconds(until - started);
  return {
    spans: [
      [' '],
      [glyph, tone],
      [` ${name} `, step.state === 'waiting' ? 'dim' : 'text'],
      [took.padStart(7), step.state === 'running' ? 'accent' : 'dim'],
      [`  ${stepNote(step)}`, stepNoteTone(step)],
    ],
  };
}

function stepGlyph(step: StepView, { glyphs }: Theme): [string, Tone] {
  switch (step.state) {
    case 'waiting':
      return [glyphs.created, 'faint'];
    case 'running':
      return [glyphs.right, 'accent'];
    case 'done':
      return [glyphs.done, 'good'];
    case 'cached':
      return [glyphs.cached, 'used'];
    case 'failed':
      return [glyphs.failed, 'bad'];
    case 'cancelled':
      return [glyphs.stopped, 'dim'];
  }
}

function stepNote(step: StepView): string {
  const weight =
    step.layerBytes === undefined || step.layerBytes === 0 ? '' : `+${formatBytes(step.layerBytes)}`;
  const why =
    step.state === 'cached' ? 'cached' : step.state === 'failed' ? 'failed' : (step.cacheMiss ?? '');
  return [weight, why].filter(part => part !== '').join('  ');
}

function stepNoteTone(step: StepView): Tone {
  return step.state === 'failed' ? 'bad' : step.state === 'cached' ? 'used' : 'dim';
}

function resultLines(build: BuildRecord, view: BuildView, width: number, theme: Theme): Line[] {
  if (view.outcome === 'running') return [];
  const took = formatSeconds((view.finished ?? build.started) - build.started);
  if (view.outcome === 'succeeded') {
    const names = build.tags.length > 0 ? ` as ${build.tags.join(', ')}` : '';
    const spans: Span[] = [
      [` ${theme.glyphs.done} built `, 'good'],
      [shortId(view.image ?? ''), 'strong'],
      [`${names} in ${took}`],
    ];
    return [{ spans: [] }, { spans }];
  }
  const error = view.error ?? `the build was ${view.outcome}`;
  const lines = error.split('\n').flatMap(line => wrapCells(line, width - 4));
  return [
    { spans: [] },
    ...lines.map(
      (line, i): Line => ({
        spans: [
          [i === 0 ? ` ${theme.glyphs.failed} ` : '   ', 'bad'],
          [line, 'bad'],
        ],
      }),
    ),
    ...(build.failedStep === undefined ? [] : [afterFailure]),
  ];
}

const afterFailure: Line = {
  spans: [
    ['   '],
    ['e', 'key'],
    [' opens a shell in what that step began with, ', 'dim'],
    ['l', 'key'],
    [' shows all output', 'dim'],
  ],
};
