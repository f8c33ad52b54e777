import type { Command } from 'commander';
import { cleanText } from '../../lib/clean-text.ts';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';

/** `demo up|down` */
export function configureDemo(command: Command, cli: Cli): void {
  examples(
    command.command('up').description('Build and run five small services'),
    'plimsoll demo up && plimsoll',
  ).action(async () => {
    const { demoUp } = await import('../../demo/index.ts');
    const onProgress = (line: string) => cli.stderr.write(`${cleanText(line)}\n`);
    const containers = await demoUp(await cli.engine(), { onProgress, signal: cli.signal });
    for (const { name } of containers) cli.stdout.write(`${name}\n`);
  });
  examples(
    command.command('down').description('Remove all that `demo up` made'),
    'plimsoll demo down',
  ).action(async () => {
    const { demoDown } = await import('../../demo/index.ts');
    const count = await demoDown(await cli.engine());
    cli.stdout.write(`${count === 1 ? '1 container' : `${count} containers`} removed\n`);
  });
}
