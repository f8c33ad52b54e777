import { PlimsollError } from '../../../errors.ts';
import type { ImageProcessConfig } from '../../../oci/index.ts';
import type { HealthCheck, HealthSpec } from './types.ts';

/** Docker's defaults (docs.docker.com/reference/dockerfile, HEALTHCHECK). */
const usual = {
  intervalMs: 30_000,
  timeoutMs: 30_000,
  startPeriodMs: 0,
  startIntervalMs: 5000,
  retries: 3,
  onFailure: 'none',
} as const;

/**
 * The health check of a container: the user's part of it over the image's, 0 for docker's default; undefined if there
 * is none. Throws `invalid-argument` (`HEALTH_INVALID`).
 */
export function resolveHealth(
  spec: HealthSpec | undefined,
  image: ImageProcessConfig,
): HealthCheck | undefined {
  const command = commandOf(spec?.command, image);
  if (command === undefined) {
    if (spec?.onFailure !== undefined && spec.onFailure !== 'none' && spec.command !== '')
      throw nothingToAct();
    return undefined;
  }
  const { Interval, Timeout, StartPeriod, StartInterval, Retries } = image.Healthcheck ?? {};
  const check = {
    command,
    intervalMs: spec?.intervalMs || msOf(Interval) || usual.intervalMs,
    timeoutMs: spec?.timeoutMs || msOf(Timeout) || usual.timeoutMs,
    startPeriodMs: spec?.startPeriodMs || msOf(StartPeriod) || usual.startPeriodMs,
    startIntervalMs: spec?.startIntervalMs || msOf(StartInterval) || usual.startIntervalMs,
    retries: spec?.retries || countOf(Retries) || usual.retries,
    onFailure: spec?.onFailure ?? usual.onFailure,
  };
  refuseNonsense(check);
  return check;
}

function commandOf(own: string | undefined, image: ImageProcessConfig): readonly string[] | undefined {
  if (own === '') return undefined;
  if (own !== undefined) return [...shellOf(image), own];
  const test = image.Healthcheck?.Test;
  if (!Array.isArray(test)) return undefined;
  const [kind, ...words] = test.filter((word): word is string => typeof word === 'string');
  if (words.length === 0) return undefined;
  if (kind === 'CMD') return words;
  return kind === 'CMD-SHELL' ? [...shellOf(image), words.join(' ')] : undefined;
}

function shellOf({ Shell }: ImageProcessConfig): readonly string[] {
  return Array.isArray(Shell) && Shell.length > 0 ? Shell : ['/bin/sh', '-c'];
}

/** From nanoseconds; what an image has in place of a number counts as nothing. */
function msOf(nanoseconds: unknown): number {
  return typeof nanoseconds === 'number' && nanoseconds >= 1e6 ? Math.round(nanoseconds / 1e6) : 0;
}

function countOf(value: unknown): number {
  return typeof value === 'number' && value >= 1 ? Math.trunc(value) : 0;
}

function refuseNonsense({ retries, ...times }: HealthCheck): void {
  const { intervalMs, timeoutMs, startPeriodMs, startIntervalMs } = times;
  const wrong = [intervalMs, timeoutMs, startPeriodMs, startIntervalMs].find(ms => !(ms >= 0) || ms > 1e12);
  if (wrong === undefined && Number.isSafeInteger(retries) && retries > 0) return;
  throw new PlimsollError('invalid-argument', 'the health check has a time or a number that makes no sense', {
    code: 'HEALTH_INVALID',
    hint: 'times are at least 1ms, such as 30s; retries are a whole number',
  });
}

function nothingToAct(): PlimsollError {
  return new PlimsollError('invalid-argument', 'there is no health check whose failure could be acted on', {
    code: 'HEALTH_INVALID',
    hint: 'give one with --health-cmd, or leave out --health-on-failure',
  });
}
