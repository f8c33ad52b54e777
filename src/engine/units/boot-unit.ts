import { unitWord } from '../../lib/unit-word.ts';

/** What the boot-time unit is made of. */
export interface BootUnitRequest {
  /** The words that call plimsoll on the root. */
  readonly command: readonly string[];
  readonly dataDir: string;
  readonly user: boolean;
}

/**
 * The text of the unit that carries out restart policies after a boot. It is over when that is done: what runs then
 * is in the scope of its root, and stays when the unit is stopped. A user's systemd knows neither the machine's
 * network nor its mounts, and starts after both.
 */
export function bootUnit({ command, dataDir, user }: BootUnitRequest): string {
  const order = user
    ? []
    : [
        'Wants=network-online.target',
        'After=network-online.target nss-lookup.target',
        `RequiresMountsFor=${unitWord(dataDir)}`,
      ];
  return `${[
    "# Written by 'plimsoll system install'; 'plimsoll system uninstall' takes it away.",
    '[Unit]',
    `Description=Containers of plimsoll that come up again after a boot`,
    ...order,
    '',
    '[Service]',
    'Type=oneshot',
    'RemainAfterExit=yes',
    `ExecStart=${[...command, 'system', 'boot'].map(unitWord).join(' ')}`,
    'TimeoutStartSec=infinity',
    '',
    '[Install]',
    `WantedBy=${user ? 'default.target' : 'multi-user.target'}`,
  ].join('\n')}\n`;
}
