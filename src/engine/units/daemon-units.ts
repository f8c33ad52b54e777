import { unitWord } from '../../lib/unit-word.ts';

/** What the units of the API are made of. */
export interface DaemonUnitsRequest {
  /** The words that call plimsoll on the root. */
  readonly command: readonly string[];
  readonly dataDir: string;
  readonly user: boolean;
  /** Of both units, without what comes after the dot. */
  readonly name: string;
  /** The socket's name in the machine's (or the user's) run folder. */
  readonly socket: string;
  /** Who may open the socket beside root; undefined: nobody. */
  readonly group?: string;
}

const header = "# Written by 'plimsoll system install --daemon'; 'plimsoll system uninstall' takes it away.";

/** The text of the socket that clients find from the boot on; the first of them has the daemon started. */
export function daemonSocketUnit({ user, socket, group }: DaemonUnitsRequest): string {
  return lines(
    header,
    '[Unit]',
    "Description=Socket of plimsoll's Docker API",
    '',
    '[Socket]',
    `ListenStream=%t/${socket}`,
    `SocketMode=${user ? '0600' : '0660'}`,
    ...(group === undefined ? [] : [`SocketGroup=${group}`]),
    'Backlog=4096',
    'RemoveOnStop=yes',
    '',
    '[Install]',
    'WantedBy=sockets.target',
  );
}

/**
 * The text of the service behind it. Containers go on without it: their monitors are in the scope of the root, and what
 * else a stop finds in the service's cgroup may end by itself.
 *
 * A container starts as a descendant of the daemon and has what that has: a mount namespace of its own would hide
 * mounts from the command line and the dashboard, and filters of system calls, fewer capabilities or
 * `NoNewPrivileges` would change what containers can do, by who started them. What is shut off is what ends with the
 * service's cgroup: devices, of which it may make nodes (layers have some) and open those that the engine itself needs.
 */
export function daemonServiceUnit({ command, dataDir, user, name }: DaemonUnitsRequest): string {
  const order = user
    ? [`After=${name}.socket`]
    : [
        'Wants=network-online.target',
        `After=${name}.socket network-online.target nss-lookup.target`,
        `RequiresMountsFor=${unitWord(dataDir)}`,
      ];
  const sandbox = [
    'DevicePolicy=closed',
    ...['char-* m', 'block-* m', '/dev/fuse rw', '/dev/net/tun rw'].map(rule => `DeviceAllow=${rule}`),
    'KeyringMode=private',
  ];
  return lines(
    header,
    '[Unit]',
    "Description=plimsoll's Docker API",
    `Requires=${name}.socket`,
    ...order,
    '',
    '[Service]',
    'Type=notify',
    'NotifyAccess=main',
    `ExecStart=${[...command, 'daemon', '-H', 'fd://'].map(unitWord).join(' ')}`,
    'SuccessExitStatus=143', // after SIGTERM, as every command of plimsoll
    'Restart=on-failure',
    'RestartSec=1',
    'TimeoutStartSec=infinity',
    'TimeoutStopSec=30',
    'WatchdogSec=60',
    'KillMode=process',
    'OOMPolicy=continue',
    ...(user ? [] : ['TasksMax=infinity', ...sandbox]),
  );
}

function lines(...all: readonly string[]): string {
  return `${all.join('\n')}\n`;
}
