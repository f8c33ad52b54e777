import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';

/** `rename CONTAINER NAME` */
export function configureRename(command: Command, cli: Cli): void {
  examples(command, 'plimsoll rename web old-web')
    .argument('<container>')
    .argument('<name>', 'Its new name')
    .action(async (container: string, name: string) => {
      const engine = await cli.engine();
      await engine.containers.rename(container, name);
    });
}
