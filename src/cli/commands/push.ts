import type { Command } from 'commander';
import { cleanText } from '../../lib/clean-text.ts';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';
import { transferProgress } from '../progress/transfer.ts';
import { type RegistryOptions, registryAccess, registryOptions } from '../registry-options.ts';

interface Options extends RegistryOptions {
  readonly quiet?: true;
}

/** `push NAME` */
export function configurePush(command: Command, cli: Cli): void {
  examples(
    registryOptions(command),
    'plimsoll tag web registry.example:5000/team/web:1.0',
    'plimsoll push registry.example:5000/team/web:1.0',
  )
    .argument('<image>', 'One of its names: REGISTRY/NAME[:TAG]')
    .option('-q, --quiet', 'Print only its name')
    .action(async (name: string, options: Options) => {
      const engine = await cli.engine();
      using progress = transferProgress(cli, { quiet: options.quiet === true });
      const pushed = await engine.images.push({
        name,
        signal: cli.signal,
        onProgress: progress.onProgress,
        ...registryAccess(options),
      });
      progress[Symbol.dispose]();
      const tag = pushed.reference.slice(pushed.reference.lastIndexOf(':') + 1);
      const said = `${tag}: digest: ${pushed.digest} size: ${pushed.size}`;
      cli.stdout.write(`${options.quiet ? pushed.reference : cleanText(said)}\n`);
    });
}
