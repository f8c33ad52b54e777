import type { Command } from 'commander';
import { cleanText } from '../../lib/clean-text.ts';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';

/** `logout [REGISTRY]` */
export function configureLogout(command: Command, cli: Cli): void {
  examples(command, 'plimsoll logout registry.example:5000')
    .argument('[registry]', 'Its host', 'docker.io')
    .action(async (registry: string) => {
      const engine = await cli.engine();
      const name = cleanText(registry);
      const forgotten = await engine.registries.logout(registry);
      cli.stdout.write(forgotten ? `Removed the login of ${name}\n` : `Not logged in to ${name}\n`);
    });
}
