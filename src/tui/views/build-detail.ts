import type { BuildRecord } from '../../engine/index.ts';
import { wrapCells } from '../../lib/cell-text.ts';
import { formatBytes } from '../../lib/format-bytes.ts';
import type { Line, Span, Theme, Tone } from '../components/index.ts';
import { type BuildView, formatSeconds, type State, type StepView, shortId } from '../model/index.ts';

/** The graph of a build, a step on each line: its state, time, cache and weight; then what it says now, or its result. */
export function buildSteps(
  state: State,
  build: BuildRecord,
  width: number,
  height: number,
  theme: Theme,
): Line[] {
  const view = viewOf(state, build);
  if (view === undefined) return [{ spans: [[' reading', 'dim']] }];
  const nameWidth = Math.min(72, Math.max(20, width - 44));
  const steps = view.steps.flatMap(step => stepLines(step, view, nameWidth, state.now, theme));
  const output = view.outcome === 'running' ? tail(view, Math.max(0, height - steps.length - 2), width) : [];
  return [...steps, ...resultLines(build, view, width, theme), ...warningLines(view, width), ...output];
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

function stepLines(step: StepView, view: BuildView, nameWidth: number, now: number, theme: Theme): Line[] {
  const [glyph, tone] = stepGlyph(step, theme);
  const took =
    step.started === undefined
      ? ''
      : formatSeconds((step.finished ?? (view.outcome === 'running' ? now : step.started)) - step.started);
  const line: Line = {
    spans: [
      [' '],
      [glyph, tone],
      [` ${fit(step.name, nameWidth)} `, step.state === 'waiting' ? 'dim' : 'text'],
      [took.padStart(7), step.state === 'running' ? 'accent' : 'dim'],
      [`  ${stepNote(step)}`, stepNoteTone(step)],
    ],
  };
  return [line];
}

function fit(name: string, width: number): string {
  const [first = ''] = wrapCells(name.replace(/\s+/g, ' '), width);
  return first.padEnd(width);
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
  if (view.outcome === 'running') return [{ spans: [] }];
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
  ];
}

function tail(view: BuildView, count: number, width: number): Line[] {
  const end = view.output.end;
  return view.output
    .read(Math.max(0, end - count), end)
    .map(line => ({ spans: [['   '], [wrapCells(line.text, Math.max(8, width - 6))[0] ?? '', 'dim']] }));
}
