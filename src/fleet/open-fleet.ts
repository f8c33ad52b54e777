import { createSlots } from '../lib/slots.ts';
import { kubernetesSource } from './kubernetes-source.ts';
import { prometheusSource } from './prometheus-source.ts';
import { sshSource } from './ssh-source.ts';
import type { FleetConfig } from './types.ts';
import { type WatchedFleet, watchFleet } from './watch-fleet.ts';

/** So many machines are being connected to at once: each is a process and a handshake. */
const connectingAtOnce = 16;

/** Watches all that a configuration names. */
export function openFleet(
  { machines, prometheus, kubernetes, everySeconds, sshConfig }: FleetConfig,
  options: { readonly onChange?: () => void } = {},
): WatchedFleet {
  const connecting = createSlots(connectingAtOnce);
  const ssh = { everySeconds, connecting, ...(sshConfig === undefined ? {} : { sshConfig }) };
  const sources = [
    ...machines.map(machine => sshSource(machine, ssh)),
    ...prometheus.map(server => prometheusSource(server)),
    ...kubernetes.map(cluster => kubernetesSource(cluster)),
  ];
  return watchFleet(sources, options);
}

/** After how long a machine of this fleet counts as silent: it has missed some reports, or scrapes. */
export function silentAfter({
  everySeconds,
  prometheus,
  kubernetes,
}: Pick<FleetConfig, 'everySeconds' | 'prometheus' | 'kubernetes'>): number {
  const leastMs = prometheus.length + kubernetes.length > 0 ? 45_000 : 15_000;
  return Math.max(everySeconds * 3000, leastMs);
}
