import { unitWord } from '../../lib/unit-word.ts';
import type { Argument } from './argument.ts';
import type { RunArguments } from './run-arguments.ts';

/** What a `.container` file is made of. */
export interface QuadletRequest {
  readonly container: string;
  readonly create: RunArguments;
  readonly restartPolicy: string;
  readonly user: boolean;
}

/**
 * The text of a `.container` file, of which podman's Quadlet makes a unit (podman-systemd.unit(5)). What has a key of
 * its own since podman 4.5 gets it, all else is in `PodmanArgs`: podman takes the same options.
 */
export function quadlet({ container, create, restartPolicy, user }: QuadletRequest): string {
  const known: string[] = [];
  const rest: string[] = [];
  for (const argument of create.options) {
    const [flag, value] = argument;
    const line = keyed(argument);
    if (line !== undefined) known.push(line);
    else rest.push(unitWord(value === undefined ? flag : `${flag}=${value}`));
  }
  return `${[
    "# Written by 'plimsoll generate quadlet'. In /etc/containers/systemd, or a user's ~/.config/containers/systemd,",
    "# 'systemctl daemon-reload' makes a service of it.",
    '',
    '[Unit]',
    `Description=Container ${container.replaceAll('%', '%%')}`,
    ...(user ? [] : ['Wants=network-online.target', 'After=network-online.target']),
    '',
    '[Container]',
    `ContainerName=${plain(container)}`,
    `Image=${plain(create.image)}`,
    ...(create.command.length === 0 ? [] : [`Exec=${create.command.map(unitWord).join(' ')}`]),
    ...known,
    ...(rest.length === 0 ? [] : [`PodmanArgs=${rest.join(' ')}`]),
    '',
    '[Service]',
    `Restart=${restartPolicy}`,
    '',
    '[Install]',
    `WantedBy=${user ? 'default.target' : 'multi-user.target'}`,
  ].join('\n')}\n`;
}

/** Keys whose value is a word, quoted as on a command line. */
const words: Readonly<Record<string, string>> = {
  '--env': 'Environment',
  '--label': 'Label',
  '--annotation': 'Annotation',
};

/** Keys whose value is all of the line. */
const lines: Readonly<Record<string, string>> = {
  '--volume': 'Volume',
  '--mount': 'Mount',
  '--tmpfs': 'Tmpfs',
  '--publish': 'PublishPort',
  '--expose': 'ExposeHostPort',
  '--hostname': 'HostName',
  '--log-driver': 'LogDriver',
  '--cap-add': 'AddCapability',
  '--cap-drop': 'DropCapability',
  '--device': 'AddDevice',
  '--health-cmd': 'HealthCmd',
  '--health-interval': 'HealthInterval',
  '--health-timeout': 'HealthTimeout',
  '--health-retries': 'HealthRetries',
  '--health-start-period': 'HealthStartPeriod',
  '--health-on-failure': 'HealthOnFailure',
};

const switches: Readonly<Record<string, string>> = { '--init': 'RunInit', '--read-only': 'ReadOnly' };

function keyed([flag, value]: Argument): string | undefined {
  if (value === undefined) return switches[flag] === undefined ? undefined : `${switches[flag]}=true`;
  if (words[flag] !== undefined) return `${words[flag]}=${unitWord(value)}`;
  // A line break would end the value, and a last backslash would go on with the next line.
  if (lines[flag] !== undefined && !/[\n\r]|\\$/.test(value)) return `${lines[flag]}=${plain(value)}`;
  if (flag === '--network') return networkLine(value);
  if (flag === '--security-opt') return securityLine(value);
  return undefined;
}

/** plimsoll's own bridge is podman's usual network. */
function networkLine(value: string): string | undefined {
  if (value === 'bridge') return 'Network=podman';
  return value.includes('=') || value.startsWith('container:') ? undefined : `Network=${plain(value)}`;
}

function securityLine(value: string): string | undefined {
  if (value === 'no-new-privileges=true') return 'NoNewPrivileges=true';
  const profile = /^seccomp=(.+)$/.exec(value)?.[1];
  return profile === undefined || profile === 'builtin' ? undefined : `SeccompProfile=${plain(profile)}`;
}

/** No specifier and no variable is replaced in it. */
function plain(text: string): string {
  return text.replaceAll('%', '%%').replaceAll('$', '$$$$');
}
