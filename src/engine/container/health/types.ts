/** What is to be done when a container becomes unhealthy. */
export type HealthAction = 'none' | 'kill' | 'restart' | 'stop';

/** A health check as the user wishes it; what is missing is the image's, then docker's. */
export interface HealthSpec {
  /** A command line for a shell; empty: none is made, whatever the image says. */
  readonly command?: string;
  readonly intervalMs?: number;
  readonly timeoutMs?: number;
  readonly startPeriodMs?: number;
  /** Between probes within the start period, until the first good one. */
  readonly startIntervalMs?: number;
  /** Failures in a row that make it unhealthy. */
  readonly retries?: number;
  readonly onFailure?: HealthAction;
}

/** A health check with every default applied. */
export interface HealthCheck {
  readonly command: readonly string[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly startPeriodMs: number;
  readonly startIntervalMs: number;
  readonly retries: number;
  readonly onFailure: HealthAction;
}

/** `not-checked`: nobody carries the check out at the moment. */
export type HealthStatus = 'starting' | 'healthy' | 'unhealthy' | 'not-checked';

/** One probe. Times are milliseconds since the epoch. */
export interface HealthResult {
  readonly start: number;
  readonly end: number;
  /** -1: it took too long. */
  readonly exitCode: number;
  /** At most 4096 bytes of what it wrote. */
  readonly output: string;
}

export interface Health {
  readonly status: HealthStatus;
  /** Failures in a row. */
  readonly failingStreak: number;
  /** The last five, oldest first; only in details. */
  readonly log?: readonly HealthResult[];
}
