import type { Network } from '../engine/index.ts';

/** Whether containers on it have addresses of IPv4. The default network gets its own with the first of them. */
export function hasIpv4({ subnet, driver, name }: Network): boolean {
  return subnet !== undefined || (driver === 'bridge' && name === 'bridge');
}
