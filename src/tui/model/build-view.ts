import type { BuildProgress, BuildStep } from '../../engine/index.ts';
import type { LogStore } from './log-store.ts';

/** One step of a build as it stands. */
export interface StepView extends BuildStep {
  readonly state: 'waiting' | 'running' | 'done' | 'cached' | 'failed' | 'cancelled';
  readonly started?: number;
  readonly finished?: number;
  readonly cacheMiss?: string;
  readonly layerBytes?: number;
  readonly error?: string;
}

/** A build being followed. */
export interface BuildView {
  readonly id: string;
  readonly steps: readonly StepView[];
  readonly outcome: 'running' | 'succeeded' | 'failed' | 'cancelled';
  readonly image?: string;
  readonly error?: string;
  readonly finished?: number;
  /** What a user should know of it, each a sentence. */
  readonly warnings: readonly string[];
  /** Output of all steps, in the order it came. */
  readonly output: LogStore;
  /** Grows with what is in the output. */
  readonly version: number;
}

/** The build after these announcements. Output is not part of it: the follower puts that in the store. */
export function applyProgress(view: BuildView, events: readonly BuildProgress[]): BuildView {
  return events.reduce(applyOne, { ...view, version: view.version + 1 });
}

function applyOne(view: BuildView, event: BuildProgress): BuildView {
  switch (event.kind) {
    case 'planned':
      return { ...view, steps: event.steps.map(step => ({ ...known(view, step.id), ...step })) };
    case 'step-started':
      return withStep(view, event.step, { state: 'running', started: event.time });
    case 'step-output':
      return view;
    case 'warned':
      return { ...view, warnings: [...view.warnings, warningText(event)] };
    case 'step-finished':
      return withStep(view, event.step, {
        state: event.outcome,
        finished: event.time,
        ...(event.cacheMiss === undefined ? {} : { cacheMiss: event.cacheMiss }),
        ...(event.layerBytes === undefined ? {} : { layerBytes: event.layerBytes }),
        ...(event.error === undefined ? {} : { error: event.error }),
      });
    case 'finished':
      return {
        ...view,
        outcome: event.outcome,
        finished: event.time,
        ...(event.image === undefined ? {} : { image: event.image }),
        ...(event.error === undefined ? {} : { error: event.error }),
      };
  }
}

/** What is known of a step by now: images are fetched before the plan is whole. */
function known({ steps }: BuildView, id: number): Pick<StepView, 'state'> {
  return steps.find(step => step.id === id) ?? { state: 'waiting' };
}

function warningText({ line, rule, message, fix }: Extract<BuildProgress, { kind: 'warned' }>): string {
  const place = [line === undefined ? '' : `line ${line}: `, rule === undefined ? '' : `${rule}: `].join('');
  return `${place}${message}${fix === undefined ? '' : `; ${fix}`}`;
}

function withStep(view: BuildView, id: number, change: Partial<StepView>): BuildView {
  return { ...view, steps: view.steps.map(step => (step.id === id ? { ...step, ...change } : step)) };
}
