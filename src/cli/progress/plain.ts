import type { BuildProgress } from '../../engine/index.ts';
import { cleanText } from '../../lib/clean-text.ts';
import type { Output } from '../cli.ts';
import { advance, type BuildView, describeOutcome } from './build-view.ts';
import { describeWarning } from './describe-warning.ts';

/** A printer of a build for logs and pipes: a line per event, each with the number of its step. */
export function plainProgress(output: Output): (event: BuildProgress) => void {
  let view: BuildView = new Map();
  const clean = (text: string) => (output.isTTY ? cleanText(text) : text);
  return event => {
    view = advance(view, event);
    if (event.kind === 'warned') output.write(`warning: ${clean(describeWarning(event))}\n`);
    if (!('step' in event)) return;
    const step = view.get(event.step);
    if (step === undefined) return;
    const say = (text: string) => output.write(`#${step.number} ${text}\n`);
    if (event.kind === 'step-started') say(clean(step.step.name));
    else if (event.kind === 'step-finished') {
      if (step.started === undefined) say(clean(step.step.name)); // served from the cache without a start
      if (event.cacheMiss !== undefined && event.outcome === 'done')
        say(`not cached: ${clean(event.cacheMiss)}`);
      say(describeOutcome(step));
    } else {
      const seconds = ((event.time - (step.started ?? event.time)) / 1000).toFixed(3);
      for (const line of event.text.replace(/\n$/, '').split('\n')) say(`${seconds} ${clean(line)}`);
    }
  };
}
