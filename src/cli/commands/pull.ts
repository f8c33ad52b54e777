import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';
import { type PullOptions, pullImage } from '../pull-image.ts';
import { registryOptions } from '../registry-options.ts';

/** `pull NAME` */
export function configurePull(command: Command, cli: Cli): void {
  pullOptions(command).action((name: string, options: PullOptions) => pullImage(cli, name, options));
}

function pullOptions(command: Command): Command {
  return examples(
    registryOptions(command),
    'plimsoll pull debian:bookworm-slim',
    'plimsoll pull --platform linux/arm64 registry.example:5000/team/app@sha256:…',
  )
    .argument('<name>', 'REGISTRY/NAME[:TAG][@DIGEST]; without a registry, those of the search list')
    .option('--platform <platform>', 'As in linux/arm64 (default: of this machine)')
    .option('-a, --all-tags', 'Every tag of the repository')
    .option('-q, --quiet', 'Print only what came');
}
