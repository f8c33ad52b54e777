import { errnoOf, firstFailure, isPlimsollError } from '../errors.ts';
import { cleanText } from '../lib/clean-text.ts';
import { dockerMessage } from '../words/index.ts';
import type { Output } from './cli.ts';
import { paint } from './format/paint.ts';

/** Writes an error as a user should see it: one sentence, then what to do; a stack only where PLIMSOLL_DEBUG is set. */
export function reportError(
  thrown: unknown,
  { stderr, env }: { stderr: Output; env: Readonly<Record<string, string | undefined>> },
): void {
  const error = firstFailure(thrown);
  const colour = paint(stderr, env);
  const text = cleanText(wordsFor(error), { multiline: true, maxLength: 65_536 });
  stderr.write(`${colour.red('plimsoll:')} ${text}\n`);
  const hint = isPlimsollError(error) ? error.hint : systemErrors[errnoOf(error) ?? '']?.[1];
  if (hint !== undefined) stderr.write(`${colour.dim(cleanText(hint, { multiline: true }))}\n`);
  if (env.PLIMSOLL_DEBUG && error instanceof Error) {
    stderr.write(`${cleanText(error.stack ?? '', { multiline: true })}\n`);
    if (error.cause !== undefined) reportError(error.cause, { stderr, env });
  }
}

/** What a user sees of an error: our own words, or for one of the system that nobody foresaw, what it means. */
function wordsFor(error: unknown): string {
  const known = isPlimsollError(error) ? undefined : systemErrors[errnoOf(error) ?? ''];
  const { path: source, dest } = (error ?? {}) as { path?: unknown; dest?: unknown };
  const path = dest ?? source; // of a copy: where it could not be written
  if (known === undefined) return dockerMessage(error).trim();
  return typeof path === 'string' ? `${known[0]}: "${path}"` : known[0];
}

const systemErrors: Readonly<Record<string, readonly [message: string, hint: string]>> = {
  ENOSPC: ['no space is left on the disk', 'free some space, or choose a folder on another disk with --root'],
  EDQUOT: ['the disk quota is used up', 'free some space, or choose a folder on another disk with --root'],
  EACCES: ['permission denied', 'run it with sudo'],
  EPERM: ['operation not permitted', 'run it with sudo'],
  EROFS: ['the file system is read-only', 'choose a folder on another disk with --root'],
  EMFILE: ['too many files are open', "raise the limit with 'ulimit -n'"],
};
