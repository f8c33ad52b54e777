import type { Command } from 'commander';
import { imageFilters } from '../../words/index.ts';
import type { Cli } from '../cli.ts';
import { collect } from '../collect.ts';
import { examples } from '../examples.ts';
import { type ImageListing, listImages } from '../list-images.ts';
import { listingOptions } from '../listing-options.ts';

/** `images [NAME]`, and `image ls` */
export function configureImages(command: Command, cli: Cli): void {
  listingOptions(
    examples(command, 'plimsoll images', "plimsoll images -f dangling=true --format '{{.ID}} {{.Size}}'"),
  )
    .argument('[name]', 'Only those of this name')
    .option('-a, --all', 'Accepted for scripts: there are no images between those that are listed')
    .option('--digests', 'Also the digest by which a registry knows each')
    .option('--tree', 'Each with its names, and the platform that it is for')
    .option('-f, --filter <key=value>', `Only these: ${imageFilters.join(', ')}`, collect)
    .action((name: string | undefined, options: ImageListing) => listImages(cli, name, options));
}
