import { isPlimsollError, messageOf } from '../../errors.ts';
import { cleanText } from '../../lib/clean-text.ts';
import type { Notice } from './state.ts';

/**
 * The notice for something that failed: one sentence, and what to do next where it is known. What a message has on
 * further lines, such as an excerpt of a Dockerfile, needs more room than there is.
 */
export function failureNotice(error: unknown, now: number): Notice {
  const [sentence = ''] = messageOf(error).split('\n');
  const text = cleanText(sentence, { maxLength: 400 });
  if (!isPlimsollError(error)) return { tone: 'bad', text, time: now };
  const tone = error.kind === 'cancelled' || error.kind === 'not-modified' ? 'warn' : 'bad';
  const hint = error.hint === undefined ? {} : { hint: cleanText(error.hint, { maxLength: 200 }) };
  return { tone, text, time: now, ...hint };
}

/** Said at once, rather than at the first build, where the machine lacks what nothing works without. */
export function lackNotice(tools: readonly string[], now: number): Notice {
  const names = tools.length < 2 ? tools.join() : `${tools.slice(0, -1).join(', ')} and ${tools.at(-1)}`;
  return {
    tone: 'bad',
    text: `nothing can be built or run: the machine lacks ${names}`,
    hint: "'plimsoll doctor' says how to get it",
    time: now,
  };
}
