import { once } from 'node:events';
import { commandError, start } from '../engine/kernel/index.ts';
import { messageOf } from '../errors.ts';
import { plimsollThere, shownHere, sshArguments } from './ssh-command.ts';
import type { FleetConfig } from './types.ts';

/**
 * Opens a machine's own dashboard on this terminal, over ssh, until that is left. Resolves with why it could not be
 * opened, or undefined.
 */
export async function visitMachine(config: FleetConfig, name: string): Promise<string | undefined> {
  const machine = config.machines.find(one => one.name === name);
  if (machine === undefined) return 'only a machine that is named with its ssh can be opened';
  if (machine.engine !== undefined) return 'there is no plimsoll on it';
  const { sshConfig } = config;
  const options = { interactive: true, ...(sshConfig === undefined ? {} : { sshConfig }) };
  const command = shownHere(plimsollThere(machine, []), process.env);
  const child = start('ssh', sshArguments(machine, command, options), { stdio: 'inherit' });
  try {
    const [code] = (await once(child, 'exit')) as [number | null];
    if (code === 255) return 'ssh could not connect';
    return code === 127 ? 'plimsoll is not installed there, or not in the PATH that ssh has' : undefined;
  } catch (error) {
    return messageOf(commandError('ssh', error));
  }
}
