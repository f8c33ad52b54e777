/**
 * The one error class of plimsoll and its closed list of kinds. A kind tells a caller which action makes
 * sense; hosts map kinds to exit codes, HTTP statuses and notices, each in one table.
 * @module
 */

/** What went wrong, by the action it allows the caller (after containerd's errdefs). */
export type ErrorKind =
  | 'invalid-argument'
  | 'not-found'
  | 'conflict'
  | 'unauthenticated'
  | 'permission-denied'
  | 'not-modified'
  | 'not-implemented'
  | 'unavailable'
  | 'resource-exhausted'
  | 'data-loss'
  | 'cancelled'
  | 'deadline'
  | 'internal';

/** Facts about a failure that survive JSON. */
export type ErrorData = Readonly<Record<string, string | number | boolean | null | readonly string[]>>;

export interface ErrorOptions {
  /** Stable upper-case code of the domain, such as `IMAGE_NOT_FOUND`. */
  readonly code: string;
  /** What the user can do next, one sentence. */
  readonly hint?: string;
  readonly data?: ErrorData;
  readonly cause?: unknown;
}

const brand = Symbol.for('plimsoll.error');

/** Any failure that a user can meet. The message is one sentence without a final period and quotes user input. */
export class PlimsollError extends Error {
  override readonly name: string = 'PlimsollError';
  readonly kind: ErrorKind;
  readonly code: string;
  readonly hint: string | undefined;
  readonly data: ErrorData;
  readonly [brand] = true;

  constructor(kind: ErrorKind, message: string, options: ErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.code = options.code;
    this.hint = options.hint;
    this.data = options.data ?? {};
  }

  toJSON(): { kind: ErrorKind; code: string; message: string; hint?: string; data: ErrorData } {
    const { kind, code, message, hint, data } = this;
    return hint === undefined ? { kind, code, message, data } : { kind, code, message, hint, data };
  }
}

/** True for a PlimsollError (of that kind, if one is named), also across module copies. */
export function isPlimsollError(error: unknown, kind?: ErrorKind): error is PlimsollError {
  if (typeof error !== 'object' || error === null || !(brand in error)) return false;
  return kind === undefined || (error as PlimsollError).kind === kind;
}

/** Wraps whatever was thrown, keeping kind, code, hint and data if it was ours already. */
export function withContext(context: string, error: unknown): PlimsollError {
  const message = `${context}: ${messageOf(error)}`;
  if (isPlimsollError(error)) {
    const { kind, code, data, hint } = error;
    return new PlimsollError(kind, message, {
      code,
      data,
      cause: error,
      ...(hint === undefined ? {} : { hint }),
    });
  }
  return new PlimsollError(kindOfErrno(error), message, { code: 'INTERNAL', cause: error });
}

/** What failed first: `using` wraps it in what failed after it, while things were cleared away. */
export function firstFailure(error: unknown): unknown {
  return error instanceof SuppressedError ? firstFailure(error.suppressed) : error;
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The errno name (`ENOENT`, ...) of a Node system error, else undefined. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** The error that an aborted operation rejects with. */
export function cancelled(what: string): PlimsollError {
  return new PlimsollError('cancelled', `${what} was cancelled`, { code: 'CANCELLED' });
}

/** Rejects with `cancelled` when the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted) throw cancelled(what);
}

function kindOfErrno(error: unknown): ErrorKind {
  switch (errnoOf(error)) {
    case 'ENOENT':
      return 'not-found';
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return 'permission-denied';
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EMFILE':
    case 'ENFILE':
    case 'ENOMEM':
      return 'resource-exhausted';
    case 'ABORT_ERR':
      return 'cancelled';
    default:
      return 'internal';
  }
}
