import type { BuildProgress } from '../../engine/index.ts';
import { cutCells } from '../../lib/cell-text.ts';
import { cleanText } from '../../lib/clean-text.ts';
import type { Output } from '../cli.ts';
import { type Paint, paint } from '../format/paint.ts';
import { advance, type BuildView, describeOutcome, type StepView } from './build-view.ts';
import { describeWarning } from './describe-warning.ts';

/** A printer of a build for a terminal. */
export interface LiveProgress extends Disposable {
  readonly onProgress: (event: BuildProgress) => void;
}

const tailLines = 5;

/**
 * Finished steps scroll by; below them, running steps with their time and last lines are drawn anew ten times a
 * second. Disposing of it takes the live part away.
 */
export function liveProgress(
  output: Output,
  env: Readonly<Record<string, string | undefined>>,
): LiveProgress {
  const colours = paint(output, env);
  const tails = new Map<number, string[]>();
  let view: BuildView = new Map();
  let finished: StepView[] = [];
  const warnings: string[] = [];
  let drawn = 0;

  const draw = (last = false) => {
    const width = Math.max(20, (output.columns ?? 80) - 1);
    const gone = finished.map(step => finishedLine(step, colours, width));
    const live = last
      ? []
      : liveLines(view, tails, colours, width).slice(0, Math.max(4, (output.rows ?? 24) - 2));
    finished = [];
    const back = drawn > 0 ? `\u001b[${drawn}A\u001b[J` : '';
    const text = back + [...gone, ...live].map(line => `${line}\n`).join('');
    drawn = live.length;
    if (text !== '') output.write(text);
  };
  const timer = setInterval(draw, 100);
  return {
    onProgress: event => {
      view = advance(view, event);
      if (event.kind === 'step-output') {
        const lines = [...(tails.get(event.step) ?? []), ...event.text.replace(/\n$/, '').split('\n')];
        tails.set(event.step, lines.slice(-tailLines));
      } else if (event.kind === 'step-finished') {
        const step = view.get(event.step);
        if (step !== undefined) finished.push(step);
      } else if (event.kind === 'warned') warnings.push(cleanText(describeWarning(event)));
    },
    [Symbol.dispose]() {
      clearInterval(timer);
      draw(true);
      for (const warning of warnings.splice(0)) output.write(`${colours.yellow('warning:')} ${warning}\n`);
    },
  };
}

function finishedLine(step: StepView, { green, red, cyan, dim }: Paint, width: number): string {
  const outcome = describeOutcome(step);
  const colour = step.outcome === 'failed' ? red : step.outcome === 'cached' ? cyan : green;
  const reason =
    step.outcome === 'done' && step.cacheMiss !== undefined ? `  (${cleanText(step.cacheMiss)})` : '';
  const name = cutCells(cleanText(step.step.name), Math.max(10, width - outcome.length - 6));
  const left = width - name.length - outcome.length - 6;
  return `${colour(step.outcome === 'failed' ? '✗' : '✓')} ${name}  ${colour(outcome)}${dim(cutCells(reason, Math.max(0, left)))}`;
}

function liveLines(
  view: BuildView,
  tails: ReadonlyMap<number, readonly string[]>,
  { yellow, dim }: Paint,
  width: number,
): string[] {
  const running = [...view.values()].filter(step => step.started !== undefined && step.outcome === undefined);
  return running.flatMap(({ step, started = 0 }) => {
    const seconds = `${((Date.now() - started) / 1000).toFixed(1)}s`;
    const name = cutCells(cleanText(step.name), Math.max(10, width - seconds.length - 4));
    const tail = tails.get(step.id) ?? [];
    return [
      `${yellow('•')} ${name}  ${seconds}`,
      ...tail.map(line => dim(cutCells(`  ${cleanText(line)}`, width))),
    ];
  });
}
