import { PlimsollError } from '../../../errors.ts';

/** Drivers whose networks sit on a link of the host. */
export type ParentDriver = 'macvlan' | 'ipvlan';

/** How containers on one parent see one another: the words of ip-link(8), as docker takes them. */
export interface ParentMode {
  readonly mode: string;
  /** Of ipvlan. */
  readonly flag?: string;
}

/** linux/if_link.h: MACVLAN_MODE_*, IPVLAN_MODE_*, IPVLAN_F_*. */
export const modeNumbers = {
  macvlan: { private: 1, vepa: 2, bridge: 4, passthru: 8 },
  ipvlan: { l2: 0, l3: 1, l3s: 2 },
  flag: { bridge: 0, private: 1, vepa: 2 },
} as const satisfies Record<string, Record<string, number>>;

/**
 * The parent and the mode that docker's options of a driver ask for. Throws `invalid-argument` (`DRIVER_OPTION_INVALID`).
 */
export function readParentOptions(
  driver: ParentDriver,
  options: Readonly<Record<string, string>>,
): { parent: string; mode: ParentMode } {
  const known = driver === 'macvlan' ? ['parent', 'macvlan_mode'] : ['parent', 'ipvlan_mode', 'ipvlan_flag'];
  const unknown = Object.keys(options).find(name => !known.includes(name));
  if (unknown !== undefined) {
    throw invalid(
      `"${unknown}" says nothing about a network of ${driver}`,
      `its options are ${known.join(', ')}`,
    );
  }
  const { parent, ipvlan_flag: flag } = options;
  if (parent === undefined || parent === '') {
    throw invalid(
      `a network of ${driver} sits on a link of the host, and none is named`,
      'add -o parent=eth0',
    );
  }
  const mode = options[`${driver}_mode`] ?? (driver === 'macvlan' ? 'bridge' : 'l2');
  assertKnown('mode', mode, modeNumbers[driver]);
  if (flag !== undefined) assertKnown('flag', flag, modeNumbers.flag);
  return { parent, mode: { mode, ...(flag === undefined ? {} : { flag }) } };
}

/** The options that `readParentOptions` reads back. */
export function writeParentOptions(network: {
  readonly driver: ParentDriver;
  readonly parent: string;
  readonly mode: ParentMode;
}): Record<string, string> {
  const { driver, parent, mode } = network;
  const flag = mode.flag === undefined ? {} : { ipvlan_flag: mode.flag };
  return { parent, [`${driver}_mode`]: mode.mode, ...flag };
}

function assertKnown(what: string, word: string, numbers: Record<string, number>): void {
  if (word in numbers) return;
  throw invalid(`there is no ${what} "${word}"`, `there are ${Object.keys(numbers).join(', ')}`);
}

function invalid(message: string, hint: string): PlimsollError {
  return new PlimsollError('invalid-argument', message, { code: 'DRIVER_OPTION_INVALID', hint });
}
