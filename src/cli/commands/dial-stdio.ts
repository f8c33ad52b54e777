import { connect } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { errnoOf, PlimsollError } from '../../errors.ts';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';

/** `system dial-stdio`: joins input and output with an engine's socket, as clients ask for it over ssh. */
export function configureDialStdio(command: Command, cli: Cli): void {
  examples(command, 'ssh ship plimsoll system dial-stdio').action(async () => {
    const address = cli.target()?.address;
    const path =
      address === undefined
        ? join((await cli.root()).runDir, 'docker.sock')
        : address.replace(/^unix:\/\//, '');
    const socket = connect({ path, allowHalfOpen: true });
    try {
      const output = cli.stdout as unknown as NodeJS.WritableStream;
      await Promise.all([pipeline(cli.stdin, socket), pipeline(socket, output, { end: false })]);
    } catch (error) {
      if (!['ENOENT', 'ECONNREFUSED'].includes(errnoOf(error) ?? '')) throw error;
      throw new PlimsollError('unavailable', `no daemon listens on "${path}"`, {
        code: 'ENGINE_UNREACHABLE',
        hint: "start 'plimsoll daemon' there",
        cause: error,
      });
    }
  });
}
