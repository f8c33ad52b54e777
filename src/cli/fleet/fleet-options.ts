import { type FleetConfig, parseSshTarget, readFleetConfig } from '../../fleet/index.ts';
import type { Cli } from '../cli.ts';
import { badOption } from '../parse/bad-option.ts';

/** Which machines are meant. */
export interface FleetOptions {
  readonly config?: string;
  readonly every?: string;
  readonly wait: string;
}

/** The machines that were named, or those of the configuration. Throws `invalid-argument` if there are none. */
export function parseFleet(
  cli: Pick<Cli, 'env'>,
  targets: readonly string[],
  options: FleetOptions,
): FleetConfig {
  const path = options.config === undefined ? {} : { path: options.config };
  const config = readFleetConfig({ env: cli.env, ...path });
  const every = options.every === undefined ? {} : { everySeconds: parseSeconds(options.every, '--every') };
  if (targets.length > 0) {
    const known = new Map(config?.machines.map(machine => [machine.name, machine]));
    const machines = [...new Set(targets)].map(text => {
      const target = parseSshTarget(text);
      if (target === undefined) throw badOption(`"${text}" is no machine`, 'write user@host, or host:port');
      return known.get(text) ?? { name: text, ...target };
    });
    return { everySeconds: 5, ...config, ...every, machines, prometheus: [], kubernetes: [] };
  }
  if (
    config !== undefined &&
    config.machines.length + config.prometheus.length + config.kubernetes.length > 0
  )
    return { ...config, ...every };
  throw badOption(
    'no machines are named',
    'write plimsoll fleet user@host..., or machines: [user@host] in ~/.config/plimsoll/fleet.yaml',
  );
}

/** A number of seconds, from one to an hour. */
export function parseSeconds(text: string, option: string): number {
  const seconds = Number(text);
  if (text.trim() !== '' && seconds >= 1 && seconds <= 3600) return seconds;
  throw badOption(`"${text}" is no number of seconds`, `write ${option} SECONDS, from 1 to 3600`);
}
