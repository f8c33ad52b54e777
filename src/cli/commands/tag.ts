import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';

/** `tag IMAGE NAME` */
export function configureTag(command: Command, cli: Cli): void {
  examples(command, 'plimsoll tag web web:1.0')
    .argument('<image>')
    .argument('<name>', 'Its further name')
    .action(async (image: string, name: string) => {
      const engine = await cli.engine();
      await engine.images.tag(image, name);
    });
}
