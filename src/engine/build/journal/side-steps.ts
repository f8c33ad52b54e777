import { isPlimsollError } from '../../../errors.ts';
import type { BuildStep } from '../build-step.ts';
import type { BuildJournal } from './build-journal.ts';

/** What a build does beside its plan, such as fetching an image, shown as a step. Ends with one of the last three. */
export interface SideStep {
  readonly id: number;
  say(line: string): void;
  cached(): void;
  done(why: string): void;
  failed(error: unknown, signal: AbortSignal | undefined): void;
}

/** All steps of a build as its followers see them. */
export interface SideSteps {
  /** `line`: of the Dockerfile. */
  begin(name: string, line?: number): SideStep;
  /** Announces the plan's steps; side steps before it stand before them, later ones behind. */
  announce(plan: readonly BuildStep[]): void;
}

/** The side steps of a build: ids count down from -1. */
export function createSideSteps(options: {
  readonly journal: BuildJournal;
  readonly build: string;
  readonly clock: () => number;
}): SideSteps {
  const { journal, build, clock } = options;
  const steps: BuildStep[] = [];
  let count = 0;
  const tell = () => journal.write({ kind: 'planned', time: clock(), build, steps: [...steps] });
  return {
    announce: plan => {
      steps.push(...plan);
      tell();
    },
    begin: (name, line = 1) => {
      const step = -++count;
      steps.push({ id: step, name, stage: 'beside', line, dependsOn: [] });
      tell();
      journal.write({ kind: 'step-started', time: clock(), step });
      const end = (how: {
        outcome: 'cached' | 'done' | 'failed' | 'cancelled';
        cacheMiss?: string;
        error?: string;
      }) => journal.write({ kind: 'step-finished', time: clock(), step, ...how });
      return {
        id: step,
        say: text => journal.output(step, 'stdout', Buffer.from(`${text}\n`)),
        cached: () => end({ outcome: 'cached' }),
        done: why => end({ outcome: 'done', ...(why === '' ? {} : { cacheMiss: why }) }),
        failed: (error, signal) => {
          if (signal?.aborted) end({ outcome: 'cancelled' });
          else end({ outcome: 'failed', error: isPlimsollError(error) ? error.message : String(error) });
        },
      };
    },
  };
}
