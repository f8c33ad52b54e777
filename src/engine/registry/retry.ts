import { setTimeout as sleep } from 'node:timers/promises';
import { throwIfAborted } from '../../errors.ts';
import { isTemporary, type RegistryError } from './registry-error.ts';

export interface RetryPolicy {
  /** How often in all. */
  readonly attempts: number;
  /** Milliseconds before the second try, at most; twice as long before each further one. */
  readonly baseMs: number;
  readonly maxMs: number;
  /** The longest wait that a registry may ask for (Retry-After); if it asks for more, that is the error. */
  readonly patienceMs: number;
}

export const defaultRetry: RetryPolicy = { attempts: 5, baseMs: 500, maxMs: 15_000, patienceMs: 60_000 };

export interface RetryOptions {
  readonly policy: RetryPolicy;
  readonly signal?: AbortSignal | undefined;
  /** Told of each failure that is followed by a wait. */
  readonly onRetry?: ((error: RegistryError, waitMs: number) => void) | undefined;
}

/**
 * Tries again what fails for a moment, each time after a random part of a doubled time, so that many clients do not come
 * back together; after as long as the registry asks for, if it does. `attempt` counts from 1.
 */
export async function withRetry<T>(
  action: (attempt: number) => Promise<T>,
  { policy, signal, onRetry }: RetryOptions,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await action(attempt);
    } catch (error) {
      const waitMs = waitAfter(error, attempt, policy);
      if (waitMs === undefined) throw error;
      onRetry?.(error as RegistryError, waitMs);
      await sleep(waitMs, undefined, signal === undefined ? {} : { signal }).catch(() => {});
      throwIfAborted(signal, 'the request');
    }
  }
}

/** Milliseconds until the next try; undefined if there is none. */
export function waitAfter(error: unknown, attempt: number, policy: RetryPolicy): number | undefined {
  if (!isTemporary(error) || attempt >= policy.attempts) return undefined;
  if (error.retryAfterMs !== undefined) {
    return error.retryAfterMs <= policy.patienceMs ? error.retryAfterMs : undefined;
  }
  const most = Math.min(policy.maxMs, policy.baseMs * 2 ** (attempt - 1));
  return most / 2 + (Math.random() * most) / 2;
}
