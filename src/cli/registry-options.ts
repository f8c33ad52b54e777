import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import type { RegistryAccess } from '../engine/index.ts';
import { acceptOptions } from './foreign-options.ts';

/** The options of every verb that talks to a registry, as typed. */
export interface RegistryOptions {
  readonly tlsVerify?: boolean;
  readonly certDir?: string;
}

/** Adds `--tls-verify` and `--cert-dir`, as podman has them, and takes what docker says of notary's signatures. */
export function registryOptions(command: Command): Command {
  return acceptOptions(command, '--disable-content-trust [true|false]')
    .option(
      '--tls-verify [true|false]',
      'Whether registries must prove themselves (default: true)',
      readSwitch,
    )
    .option('--cert-dir <folder>', 'A further folder with certificates: FOLDER/HOST/ca.crt');
}

/** What the options mean to the engine. */
export function registryAccess({ tlsVerify, certDir }: RegistryOptions): RegistryAccess {
  return {
    ...(tlsVerify === undefined ? {} : { tlsVerify }),
    ...(certDir === undefined ? {} : { certDir }),
  };
}

function readSwitch(text: string | boolean): boolean {
  if (text === true || text === 'true' || text === '1') return true;
  if (text === 'false' || text === '0') return false;
  throw new InvalidArgumentError('it is true or false');
}
