import type { BuildProgress, BuildStep } from '../../engine/index.ts';

/** A step as a printer needs it. Times are milliseconds since the epoch. */
export interface StepView {
  readonly step: BuildStep;
  /** As it is counted for a reader, from 1. */
  readonly number: number;
  readonly started?: number;
  readonly finished?: number;
  readonly outcome?: 'done' | 'cached' | 'failed' | 'cancelled';
  readonly cacheMiss?: string;
}

/** What is known of a build so far, by step. */
export type BuildView = ReadonlyMap<number, StepView>;

/** The view after one more event. Pure. */
export function advance(view: BuildView, event: BuildProgress): BuildView {
  if (event.kind === 'planned') {
    return new Map(event.steps.map((step, i) => [step.id, { ...view.get(step.id), step, number: i + 1 }]));
  }
  if (event.kind === 'step-started') return change(view, event.step, { started: event.time });
  if (event.kind !== 'step-finished') return view;
  const { outcome, time, cacheMiss } = event;
  return change(view, event.step, {
    outcome,
    finished: time,
    ...(cacheMiss === undefined ? {} : { cacheMiss }),
  });
}

/** `CACHED`, `DONE 1.2s`, `FAILED 0.3s`, `CANCELLED`, as BuildKit says it. */
export function describeOutcome({ outcome, started, finished }: StepView): string {
  const seconds = (((finished ?? 0) - (started ?? finished ?? 0)) / 1000).toFixed(1);
  switch (outcome) {
    case 'cached':
      return 'CACHED';
    case 'done':
      return `DONE ${seconds}s`;
    case 'failed':
      return `FAILED ${seconds}s`;
    case 'cancelled':
      return 'CANCELLED';
    default:
      return '';
  }
}

function change(view: BuildView, id: number, fields: Partial<StepView>): BuildView {
  const before = view.get(id);
  return before === undefined ? view : new Map(view).set(id, { ...before, ...fields });
}
