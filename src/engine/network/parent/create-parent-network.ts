import { PlimsollError } from '../../../errors.ts';
import { type Cidr, formatCidr, parseCidr, size } from '../ipv4.ts';
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

/** The part of a subnet that addresses are given from. Throws `invalid-argument` (`RANGE_INVALID`). */
export function planRange(text: string | undefined, subnet: Cidr): { range?: string } {
  if (text === undefined) return {};
  const range = text.includes('/') ? parseCidr(text) : undefined;
  const isInside =
    range !== undefined &&
    range.base >= subnet.base &&
    range.base + size(range) <= subnet.base + size(subnet);
  if (isInside) return { range: formatCidr(range) };
  throw new PlimsollError('invalid-argument', `"${text}" is not a part of the subnet ${formatCidr(subnet)}`, {
    code: 'RANGE_INVALID',
    hint: 'write it as 10.20.0.128/25',
    data: { range: text },
  });
}
