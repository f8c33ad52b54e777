import type { NetworkRequest } from '../types.ts';
import { assertParent } from './parent-link.ts';
import { readParentOptions } from './parent-mode.ts';

/**
 * What is kept of a network on a parent beside its place: see `ParentNetwork`. Throws `invalid-argument`, `not-found`
 * (`PARENT_NOT_FOUND`).
 */
export function planParent(driver: 'macvlan' | 'ipvlan', request: NetworkRequest): object {
  const { parent, mode } = readParentOptions(driver, request.options ?? {});
  assertParent(parent);
  return { parent, mode };
}
