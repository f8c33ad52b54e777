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

/**
 * The same command where it knows what the terminal here can show: ssh takes along its name alone, and few machines take
 * a locale from strangers.
 */
export function shownHere(command: string, env: Readonly<Record<string, string | undefined>>): string {
  const facts = {
    LC_CTYPE: env.LC_ALL || env.LC_CTYPE || env.LANG,
    COLORTERM: env.COLORTERM,
    NO_COLOR: env.NO_COLOR,
  };
  const words = Object.entries(facts).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [shellWord(`${name}=${value}`)],
  );
  return words.length === 0 ? command : ['env', ...words, command].join(' ');
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
