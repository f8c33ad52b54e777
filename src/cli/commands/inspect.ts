import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';
import { acceptOptions } from '../foreign-options.ts';
import { type InspectOptions, inspectObjects } from '../inspect-objects.ts';
import { platformOption } from '../platform-option.ts';

/** `inspect [--type KIND] NAME...`: what docker's API says of objects. */
export function configureInspect(command: Command, cli: Cli): void {
  examples(command, 'plimsoll inspect web', "plimsoll inspect -f '{{.State.Status}}' web")
    .argument('<name...>')
    .option('--type <kind>', 'container, image, volume or network')
    .option('-f, --format <format>', 'A Go template, or json: all on one line')
    .option('-s, --size', 'Also how much each container has written')
    .action((names: string[], options: InspectOptions) => inspectObjects(cli, names, options));
}

/** `container|image|network|volume inspect NAME...`: the same, of one kind. */
export function configureInspectOf(kind: string): (command: Command, cli: Cli) => void {
  return (command, cli) => {
    examples(command, `plimsoll ${kind} inspect NAME`, `plimsoll ${kind} inspect -f '{{json .}}' NAME`)
      .argument(`<${kind}...>`)
      .option('-f, --format <format>', 'A Go template, or json: all on one line')
      .action((names: string[], options: InspectOptions) =>
        inspectObjects(cli, names, { ...options, type: kind }),
      );
    if (kind === 'container') command.option('-s, --size', 'Also how much each has written');
    if (kind === 'image') platformOption(command);
    if (kind === 'network') acceptOptions(command, '-v, --verbose');
  };
}
