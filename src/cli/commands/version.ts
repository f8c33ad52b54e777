import type { Command } from 'commander';
import manifest from '../../../package.json' with { type: 'json' };
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';

/** `version [--json]` */
export function configureVersion(command: Command, cli: Cli): void {
  examples(command, 'plimsoll version --json')
    .option('--json', 'As JSON')
    .action(({ json }: { json?: true }) => {
      const { version } = manifest;
      const node = process.versions.node;
      cli.stdout.write(
        json ? `${JSON.stringify({ version, node })}\n` : `plimsoll ${version} (Node ${node})\n`,
      );
    });
}
