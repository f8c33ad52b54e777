import { type ErrorKind, firstFailure, isPlimsollError, messageOf } from '../errors.ts';
import { cleanText } from '../lib/clean-text.ts';
import { dockerMessage } from '../words/index.ts';

const statuses: Readonly<Record<ErrorKind, number>> = {
  'invalid-argument': 400,
  unauthenticated: 401,
  'permission-denied': 403,
  'not-found': 404,
  conflict: 409,
  'not-modified': 304,
  'not-implemented': 501,
  unavailable: 503,
  'resource-exhausted': 507,
  'data-loss': 500,
  cancelled: 500,
  deadline: 504,
  internal: 500,
};

/** The HTTP status and docker's words for what went wrong. */
export interface HttpError {
  readonly status: number;
  readonly message: string;
}

/** The answer to a request that failed: Docker's status for the kind, one sentence and what to do next. */
export function httpErrorOf(thrown: unknown): HttpError {
  const error = firstFailure(thrown);
  if (!isPlimsollError(error)) return { status: statusOfFramework(error), message: messageOf(error) };
  const status = asBadRequest.has(error.code) ? 400 : statuses[error.kind];
  const hint = error.hint === undefined ? '' : `; ${error.hint}`;
  return { status, message: cleanText(`${dockerMessage(error)}${dockerWords[error.code] ?? ''}${hint}`) };
}

/** Docker's client knows these by their words, and makes exit codes of them: 127 and 126. */
const dockerWords: Readonly<Record<string, string>> = {
  COMMAND_NOT_FOUND: ': executable file not found in $PATH',
  COMMAND_NOT_EXECUTABLE: ': permission denied',
};

const asBadRequest: ReadonlySet<string> = new Set(Object.keys(dockerWords));

/** The framework's own errors (a body that is no JSON, or too large) bring their status along. */
function statusOfFramework(error: unknown): number {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' && status >= 400 && status < 600 ? status : 500;
}
