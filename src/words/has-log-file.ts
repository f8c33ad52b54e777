import type { ContainerSpec } from '../engine/index.ts';

/** False for a container whose output is in no file of its own: it is seen by an attachment, as it comes. */
export function hasLogFile({ log }: Pick<ContainerSpec, 'log'>): boolean {
  return log?.driver !== 'none' && log?.driver !== 'journald';
}
