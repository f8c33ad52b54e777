import { isPlimsollError, messageOf } from '../errors.ts';
import { cleanText } from '../lib/clean-text.ts';
import type { Output } from './cli.ts';
import { paint } from './format/paint.ts';

/** Writes an error as a user should see it: one sentence, then what to do; a stack only where PLIMSOLL_DEBUG is set. */
export function reportError(
  error: unknown,
  { stderr, env }: { stderr: Output; env: Readonly<Record<string, string | undefined>> },
): void {
  const colour = paint(stderr, env);
  const text = cleanText(messageOf(error).trim(), { multiline: true, maxLength: 65_536 });
  stderr.write(`${colour.red('plimsoll:')} ${text}\n`);
  if (isPlimsollError(error) && error.hint !== undefined) {
    stderr.write(`${colour.dim(cleanText(error.hint, { multiline: true }))}\n`);
  }
  if (env.PLIMSOLL_DEBUG && error instanceof Error) {
    stderr.write(`${cleanText(error.stack ?? '', { multiline: true })}\n`);
    if (error.cause !== undefined) reportError(error.cause, { stderr, env });
  }
}
