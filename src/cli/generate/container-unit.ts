import { unitWord } from '../../lib/unit-word.ts';
import type { RunArguments } from './run-arguments.ts';

/** What a unit of one container is made of. */
export interface ContainerUnitRequest {
  readonly container: string;
  /** The words that call plimsoll on its root. */
  readonly plimsoll: readonly string[];
  /** Make the container anew with each start, from these options, and remove it at the end. */
  readonly create?: RunArguments;
  readonly restartPolicy: string;
  readonly restartSeconds?: number;
  /** Patience of `stop`; below 0: without end. */
  readonly stopSeconds: number;
  readonly user: boolean;
  /** Folders that have to be mounted first. */
  readonly folders: readonly string[];
  readonly wants: readonly string[];
  readonly after: readonly string[];
  readonly requires: readonly string[];
  /** Without the lines of comment at its beginning. */
  readonly bare?: boolean;
}

/**
 * The main process of the unit: a shell that starts the container, sleeps in tail(1) until its monitor has ended, and
 * ends with the container's exit code, for systemd to judge. The monitor itself cannot be it, as that lives in the
 * scope of the root; a waiting plimsoll would take forty megabytes for each container. Units that come after it begin
 * once the container runs. The runtime must not see systemd's socket: it would show it to the container.
 */
const script = [
  'file=$1 name=$2',
  'shift 2',
  'notify=$NOTIFY_SOCKET',
  'unset NOTIFY_SOCKET',
  '"$@" start --conmon-pidfile "$file" "$name" || exit',
  'NOTIFY_SOCKET=$notify systemd-notify --ready',
  'read -r pid <"$file"',
  'tail --pid="$pid" -f /dev/null',
  'exit "$("$@" wait "$name")"',
].join('; ');

/** The text of a unit of systemd that owns a container: starts it, knows when it ends, restarts it, stops it. */
export function containerUnit(request: ContainerUnitRequest): string {
  const { container, plimsoll, create, restartPolicy, restartSeconds, stopSeconds, user } = request;
  const call = (...words: readonly string[]) => [...plimsoll, ...words].map(unitWord).join(' ');
  const network = user ? [] : ['network-online.target'];
  const wanted = [...network, ...request.wants];
  const before = [...network, ...request.after];
  const options = create?.options.flatMap(([flag, value]) => (value === undefined ? [flag] : [flag, value]));
  const waiter = `/bin/sh -c ${unitWord(script)} sh %t/%N.pid ${unitWord(container)} ${call()}`;
  const settings = (key: string, values: readonly string[]) =>
    values.length === 0 ? [] : [`${key}=${values.join(' ')}`];
  return `${[
    ...(request.bare ? [] : ["# Written by 'plimsoll generate systemd'.", '']),
    '[Unit]',
    `Description=Container ${container.replaceAll('%', '%%')}`,
    ...settings('Wants', wanted),
    ...settings('After', before),
    ...settings('Requires', request.requires),
    ...(user ? [] : settings('RequiresMountsFor', request.folders.map(unitWord))),
    '',
    '[Service]',
    'Type=notify',
    'NotifyAccess=all', // systemd-notify is a child of the shell
    ...(create === undefined
      ? []
      : [
          `ExecStartPre=-${call('rm', '-f', '-v', container)}`,
          `ExecStartPre=${call('create', '--name', container, ...(options ?? []), create.image, ...create.command)}`,
        ]),
    `ExecStart=${waiter}`,
    `ExecStop=${call('stop', '-t', String(stopSeconds), container)}`,
    ...(create === undefined ? [] : [`ExecStopPost=-${call('rm', '-f', '-v', container)}`]),
    `Restart=${restartPolicy}`,
    ...(restartSeconds === undefined ? [] : [`RestartSec=${restartSeconds}`]),
    'TimeoutStartSec=infinity',
    `TimeoutStopSec=${stopSeconds < 0 ? 'infinity' : stopSeconds + 60}`,
    '',
    '[Install]',
    `WantedBy=${user ? 'default.target' : 'multi-user.target'}`,
  ].join('\n')}\n`;
}
