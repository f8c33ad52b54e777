import { join } from 'node:path';
import type { Command } from 'commander';
import manifest from '../../../package.json' with { type: 'json' };
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';

/** `daemon [-H unix:///PATH]` */
export function configureDaemon(command: Command, cli: Cli): void {
  examples(
    command,
    'plimsoll daemon',
    'plimsoll daemon -H unix:///run/plimsoll.sock & docker -H unix:///run/plimsoll.sock ps',
  )
    .option('-H, --host <address>', 'Socket to listen on: unix:///PATH (default: below the run folder)')
    .action(async ({ host }: { host?: string }) => {
      const { runDir } = await cli.root();
      const engine = await cli.ownEngine();
      await cli.serveApi(engine, {
        host: host ?? `unix://${join(runDir, 'docker.sock')}`,
        version: manifest.version,
        signal: cli.signal,
        onReady: address => cli.stderr.write(`Docker API on ${address}\n`),
      });
    });
}
