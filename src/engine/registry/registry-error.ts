import { type ErrorKind, isPlimsollError, PlimsollError } from '../../errors.ts';

export interface RegistryErrorOptions {
  readonly code: string;
  readonly hint?: string;
  /** The HTTP status, if there was an answer. */
  readonly status?: number;
  /** Codes of the distribution spec that the answer names, such as `MANIFEST_UNKNOWN`. */
  readonly specCodes?: readonly string[];
  /** True if the same request may well succeed in a moment. */
  readonly temporary?: boolean;
  /** How long the registry asks to wait before the next try. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** What went wrong between plimsoll and a registry, in one sentence that names the registry. */
export class RegistryError extends PlimsollError {
  override readonly name: string = 'RegistryError';
  readonly status: number | undefined;
  readonly specCodes: readonly string[];
  readonly temporary: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(kind: ErrorKind, message: string, options: RegistryErrorOptions) {
    const { code, hint, status, specCodes = [], temporary = false, retryAfterMs, cause } = options;
    super(kind, message, {
      code,
      data: { ...(status === undefined ? {} : { status }), specCodes },
      ...(hint === undefined ? {} : { hint }),
      cause,
    });
    this.status = status;
    this.specCodes = specCodes;
    this.temporary = temporary;
    this.retryAfterMs = retryAfterMs;
  }
}

/** True for a failure that another try may mend. */
export function isTemporary(error: unknown): error is RegistryError {
  return isPlimsollError(error) && 'temporary' in error && error.temporary === true;
}
