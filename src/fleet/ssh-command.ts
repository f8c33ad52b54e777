import { shellWord } from '../lib/shell-word.ts';
import type { SshMachine } from './types.ts';

export interface SshOptions {
  readonly sshConfig?: string;
  /** With a terminal of its own, for a person: then ssh may ask for a password. */
  readonly interactive?: boolean;
}

/** The words that call plimsoll on a machine. */
export function plimsollThere({ command = 'plimsoll', root }: SshMachine, verb: readonly string[]): string {
  return [command, ...(root === undefined ? [] : ['--root', root]), ...verb].map(shellWord).join(' ');
}

/** The arguments of ssh(1) that let the shell of a machine run a command. */
export function sshArguments(
  { target, port }: SshMachine,
  command: string,
  { sshConfig, interactive = false }: SshOptions = {},
): string[] {
  return [
    ...(sshConfig === undefined ? [] : ['-F', sshConfig]),
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...(interactive ? ['-t'] : quiet),
    ...['-o', 'ConnectTimeout=10', '-o', 'ServerAliveInterval=5', '-o', 'ServerAliveCountMax=2'],
    ...['--', target, command],
  ];
}

/** Nobody is there to be asked, and what a dashboard's own ssh forwards is nobody's business here. */
const quiet = ['-T', '-o', 'BatchMode=yes', '-o', 'ClearAllForwardings=yes', '-o', 'LogLevel=ERROR'];
