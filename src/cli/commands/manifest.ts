import type { Command } from 'commander';
import type { ManifestList, ManifestMember } from '../../engine/index.ts';
import { isPlimsollError } from '../../errors.ts';
import { familiarReference, formatPlatform, parseReference } from '../../oci/index.ts';
import type { Cli } from '../cli.ts';
import { collect } from '../collect.ts';
import { eachName } from '../each-name.ts';
import { examples } from '../examples.ts';
import { type RefusedOption, refuseOptions } from '../foreign-options.ts';
import type { Column } from '../format/table.ts';
import { type ListingOptions, listingOptions } from '../listing-options.ts';
import { badOption } from '../parse/bad-option.ts';
import { parsePairs } from '../parse/parse-pairs.ts';
import { transferProgress } from '../progress/transfer.ts';
import { type RegistryOptions, registryAccess, registryOptions } from '../registry-options.ts';
import { writeListing } from '../write-listing.ts';

/** `manifest create|add|annotate|remove|inspect|push|rm|ls` */
export function configureManifest(command: Command, cli: Cli): void {
  examples(
    command,
    'plimsoll manifest create registry.example/web:1 web:amd64 web:arm64',
    'plimsoll manifest push registry.example/web:1',
  );
  configureMaking(command, cli);
  configureChanging(command, cli);
  configureInspecting(command, cli);
  registryOptions(
    examples(
      command
        .command('push')
        .option('--insecure', 'The same as --tls-verify=false')
        .description('Send the images that the registry does not have, then the index'),
      'plimsoll manifest push --purge registry.example/web:1',
    )
      .argument('<list>')
      .argument('[destination]', 'Where to, if not to where its name says')
      .option('--all', 'Accepted for scripts; all images are sent')
      .option('-p, --purge', 'Remove the list here afterwards')
      .option('-q, --quiet', 'Print only the digest'),
  ).action((name: string, destination: string | undefined, options: PushOptions) =>
    push(cli, name, destination, options),
  );
}

interface AddOptions extends RegistryOptions {
  readonly all?: true;
  readonly platform?: string;
  readonly os?: string;
  readonly arch?: string;
  readonly variant?: string;
  readonly annotation?: string[];
  readonly amend?: true;
  readonly insecure?: true;
}

function configureMaking(command: Command, cli: Cli): void {
  registryOptions(
    examples(
      command
        .command('create')
        .option('--insecure', 'The same as --tls-verify=false')
        .description('Begin an index of images for several platforms, and print its name'),
      'plimsoll manifest create registry.example/web:1 web:amd64 web:arm64',
    )
      .argument('<list>', 'Its name: where it will be pushed to')
      .argument('[image...]', 'Images that are here, or in a registry')
      .option('-a, --amend', 'Begin anew if there is one')
      .option('--all', 'Of an index in a registry: every image'),
  ).action(async (name: string, images: string[], options: AddOptions) => {
    const engine = await cli.engine();
    const { all, amend } = options;
    engine.manifests.create(name, { replace: amend === true });
    const common = { ...registryAccess(accessOf(options)), signal: cli.signal, ...(all ? { all } : {}) };
    try {
      for (const image of images) await engine.manifests.add(name, { image, ...common });
    } catch (error) {
      engine.manifests.remove(name);
      throw error;
    }
    cli.stdout.write(`${engine.manifests.get(name).name}\n`);
  });
  registryOptions(
    examples(
      command.command('add').description('Add an image; one for the same platform is replaced'),
      'plimsoll manifest add registry.example/web:1 web:arm64',
    )
      .argument('<list>')
      .argument('<image>', 'One that is here, or in a registry')
      .option('--all', 'Of an index in a registry: every image')
      .option('--platform <platform>', 'Which one of an index; of an image here: what the index shall say')
      .option('--annotation <name=value>', 'Annotation of it in the index', collect),
  ).action(async (name: string, image: string, options: AddOptions) => {
    const engine = await cli.engine();
    const { all, platform, annotation = [] } = options;
    await engine.manifests.add(name, {
      image,
      signal: cli.signal,
      ...registryAccess(accessOf(options)),
      ...(all ? { all } : {}),
      ...(platform === undefined ? {} : { platform }),
      annotations: parsePairs(annotation, '--annotation'),
    });
  });
}

function configureChanging(command: Command, cli: Cli): void {
  refuseOptions(
    examples(
      command.command('annotate'),
      'plimsoll manifest annotate --variant v8 registry.example/web:1 web:arm64',
    ),
    ofWindows,
  )
    .description('Change what the index says of an image, or of itself')
    .argument('<list>')
    .argument('[image]', 'Its name, id or digest; without one: the index')
    .option('--os <os>', 'Its operating system')
    .option('--arch <architecture>', 'Its processor')
    .option('--variant <variant>', "Its processor's variant")
    .option('--annotation <name=value>', 'Annotation of it', collect)
    .action(async (name: string, member: string | undefined, options: AddOptions) => {
      const { os, arch, variant, annotation = [] } = options;
      const platform = {
        ...(os === undefined ? {} : { os }),
        ...(arch === undefined ? {} : { architecture: arch }),
        ...(variant === undefined ? {} : { variant }),
      };
      if (member === undefined && Object.keys(platform).length > 0)
        throw badOption('an index has no platform of its own', 'name the image that it is about');
      const engine = await cli.engine();
      const annotations = parsePairs(annotation, '--annotation');
      engine.manifests.annotate(name, { ...(member === undefined ? {} : { member }), platform, annotations });
    });
  examples(
    command.command('remove').description('Take an image out of an index'),
    'plimsoll manifest remove registry.example/web:1 web:arm64',
  )
    .argument('<list>')
    .argument('<image>', 'Its name, id or digest')
    .action(async (name: string, member: string) => {
      (await cli.engine()).manifests.drop(name, member);
    });
  examples(
    command.command('rm').description('Remove indexes from here; their images stay'),
    'plimsoll manifest rm registry.example/web:1',
  )
    .argument('<list...>')
    .action((names: string[]) => eachName(cli, names, async (engine, name) => engine.manifests.remove(name)));
}

function configureInspecting(command: Command, cli: Cli): void {
  registryOptions(
    examples(
      command
        .command('inspect')
        .option('--insecure', 'The same as --tls-verify=false')
        .description('Print an index that is here, else the manifest or index that a registry has'),
      'plimsoll manifest inspect registry.example/web:1',
    ).argument('<name>'),
  ).action(async (name: string, options: AddOptions) => {
    const engine = await cli.engine();
    const here = listHere(() => engine.manifests.get(name));
    const shown =
      here === undefined
        ? (await engine.manifests.fetch(name, { ...registryAccess(accessOf(options)), signal: cli.signal }))
            .document
        : shownList(here);
    cli.stdout.write(`${JSON.stringify(shown, undefined, 2)}\n`);
  });
  listingOptions(
    examples(command.command('ls').description('List the indexes that are here'), 'plimsoll manifest ls'),
    { ids: false },
  ).action(async (options: ListingOptions) => {
    const engine = await cli.engine();
    await writeListing(cli, engine.manifests.list(), columns, options);
  });
}

/** Docker's word for a registry that proves nothing. */
function accessOf(options: RegistryOptions & { readonly insecure?: true }): RegistryOptions {
  return options.insecure ? { ...options, tlsVerify: false } : options;
}

const ofWindows: readonly RefusedOption[] = ['--os-features', '--os-version'].map(name => [
  name,
  'that is for Windows',
  'leave it out',
]);

function listHere(get: () => ManifestList): ManifestList | undefined {
  try {
    return get();
  } catch (error) {
    if (isPlimsollError(error, 'not-found')) return undefined;
    throw error;
  }
}

/** As an index, as far as it is one: an image that is here has its id, as its manifest is made when it is pushed. */
function shownList({ members, annotations }: ManifestList): object {
  const shown = ({ name, image, remote, platform, annotations: noted }: ManifestMember) => ({
    ...(remote === undefined ? { name, image } : { ...remote.descriptor, name }),
    platform,
    ...(noted === undefined ? {} : { annotations: noted }),
  });
  return {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: members.map(shown),
    ...(annotations === undefined ? {} : { annotations }),
  };
}

const columns: readonly Column<ManifestList>[] = [
  { field: 'Name', title: 'NAME', value: ({ name }) => familiarReference(parseReference(name)), quiet: true },
  {
    field: 'Platforms',
    title: 'PLATFORMS',
    value: ({ members }) => members.map(({ platform }) => formatPlatform(platform)).join(', '),
  },
];

interface PushOptions extends RegistryOptions {
  readonly insecure?: true;
  readonly purge?: true;
  readonly quiet?: true;
}

async function push(
  cli: Cli,
  name: string,
  destination: string | undefined,
  options: PushOptions,
): Promise<void> {
  const engine = await cli.engine();
  using progress = transferProgress(cli, { quiet: options.quiet === true });
  const { digest, size, reference } = await engine.manifests.push(name, {
    ...registryAccess(accessOf(options)),
    signal: cli.signal,
    onProgress: progress.onProgress,
    ...(destination === undefined ? {} : { destination }),
  });
  progress[Symbol.dispose]();
  const tag = reference.slice(reference.lastIndexOf(':') + 1);
  cli.stdout.write(options.quiet ? `${digest}\n` : `${tag}: digest: ${digest} size: ${size}\n`);
  if (options.purge) engine.manifests.remove(name);
}
