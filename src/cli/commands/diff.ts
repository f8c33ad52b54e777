import type { Command } from 'commander';
import { cleanText } from '../../lib/clean-text.ts';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';

/** `diff CONTAINER` */
export function configureDiff(command: Command, cli: Cli): void {
  examples(command, 'plimsoll diff web')
    .argument('<container>')
    .option('--json', 'As a JSON array')
    .action(async (name: string, { json }: { json?: true }) => {
      const engine = await cli.engine();
      const changes = await engine.files.changes(name);
      if (json) cli.stdout.write(`${JSON.stringify(changes, undefined, 2)}\n`);
      else for (const { kind, path } of changes) cli.stdout.write(`${letters[kind]} ${cleanText(path)}\n`);
    });
}

const letters = { added: 'A', changed: 'C', deleted: 'D' } as const;
