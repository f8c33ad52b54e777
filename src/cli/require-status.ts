import type { ContainerStatus } from '../engine/index.ts';
import { PlimsollError } from '../errors.ts';

/** Throws `conflict` unless the container is in one of the states that the verb needs. */
export function requireStatus(
  name: string,
  status: ContainerStatus,
  wanted: readonly ContainerStatus[],
): void {
  if (wanted.includes(status)) return;
  throw new PlimsollError('conflict', `container "${name}" is ${status}, not ${wanted.join(' or ')}`, {
    code: 'WRONG_STATE',
    hint: `start it with 'plimsoll start ${name}'`,
  });
}
