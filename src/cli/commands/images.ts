import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';
import { listImages } from '../list-images.ts';
import { listingOptions } from '../listing-options.ts';

/** `images [NAME]` */
export function configureImages(command: Command, cli: Cli): void {
  listingOptions(examples(command, 'plimsoll images', "plimsoll images --format 'table Repository,Size'"))
    .argument('[name]', 'Only those of this name')
    .action((name, options) => listImages(cli, name, options));
}
