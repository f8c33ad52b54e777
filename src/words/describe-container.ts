import type { ContainerState, PublishedPort } from '../engine/index.ts';
import { humanDuration } from './human.ts';

/** Docker's STATUS column: `Up 5 minutes (healthy)`, `Exited (1) 2 hours ago`, `Created`. */
export function describeState(state: ContainerState, now: number): string {
  const { status, startedAt, finishedAt, exitCode } = state;
  const code = state.exitUnknown || exitCode === undefined ? '?' : exitCode;
  const ended = finishedAt === undefined ? '' : ` ${humanDuration(now - finishedAt)} ago`;
  switch (status) {
    case 'running':
    case 'paused': {
      const health = state.health === undefined ? '' : ` (${healthWords[state.health.status]})`;
      const up = `Up ${humanDuration(now - (startedAt ?? now))}`;
      return status === 'paused' ? `${up} (Paused)` : up + health;
    }
    case 'exited':
      return `Exited (${code})${ended}`;
    case 'restarting':
      return `Restarting (${code})${ended}`;
    case 'created':
      return 'Created';
    case 'removing':
      return 'Removal In Progress';
    case 'dead':
      return 'Dead';
  }
}

const healthWords = {
  starting: 'health: starting',
  healthy: 'healthy',
  unhealthy: 'unhealthy',
  'not-checked': 'health: not checked',
} as const;

/** Docker's PORTS column: `0.0.0.0:8080->80/tcp, 127.0.0.1:53->53/udp`. */
export function describePorts(ports: readonly PublishedPort[]): string {
  return ports.map(port => `${describeHostPort(port)}->${port.containerPort}/${port.protocol}`).join(', ');
}

/** A port of the host with its address, as docker writes it: `127.0.0.1:8080`, `[::]:8080`. */
export function describeHostPort({ hostAddress, hostPort }: PublishedPort): string {
  const address = hostAddress === '' ? '0.0.0.0' : hostAddress;
  return `${address.includes(':') ? `[${address}]` : address}:${hostPort}`;
}

/** A command on one line, as docker's API has it: what follows its first word in quotation marks where it has to be. */
export function commandLine([program = '', ...rest]: readonly string[]): string {
  return [program, ...rest.map(word => (/[\s'"]/.test(word) || word === '' ? quoted(word) : word))].join(' ');
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** Docker's COMMAND column: quoted, and cut to 20 characters unless whole. */
export function describeCommand(command: readonly string[], whole: boolean): string {
  const text = commandLine(command);
  return `"${whole || text.length <= 20 ? text : `${text.slice(0, 19)}…`}"`;
}

/** Labels in one cell: `team=a,tier=data`. */
export function joinLabels(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
}
