import type { LogDriver, LogSpec } from '../../engine/index.ts';
import { parsePairs } from './parse-pairs.ts';

/** The drivers of `--log-driver`. */
export const logDrivers: readonly LogDriver[] = ['json-file', 'local', 'k8s-file', 'journald', 'none'];

/** What `--log-driver` and `--log-opt` say; undefined for none of them. */
export function parseLog({
  logDriver,
  logOpt,
}: {
  readonly logDriver?: LogDriver;
  readonly logOpt?: readonly string[];
}): LogSpec | undefined {
  if (logDriver === undefined && logOpt === undefined) return undefined;
  const driver = logDriver ?? 'json-file';
  return logOpt === undefined ? { driver } : { driver, options: parsePairs(logOpt, '--log-opt') };
}
