import type { ImageSummary } from '../engine/index.ts';
import { familiarReference, parseReference } from '../oci/index.ts';
import {
  fitsReference,
  humanDuration,
  humanSize,
  imageFilters,
  imageMatcher,
  shortId,
} from '../words/index.ts';
import type { Cli } from './cli.ts';
import type { Column } from './format/table.ts';
import type { ListingOptions } from './listing-options.ts';
import { noteWithoutRoot } from './note-without-root.ts';
import { badOption } from './parse/bad-option.ts';
import { parseFilters } from './parse/parse-filters.ts';
import { parseTime } from './parse/parse-time.ts';
import { writeImageTree } from './write-image-tree.ts';
import { writeListing } from './write-listing.ts';

/** The options of `images`. */
export interface ImageListing extends ListingOptions {
  readonly digests?: true;
  readonly tree?: true;
  readonly filter?: string[];
}

/** A row of `images`: an image under one of its names. */
interface NamedImage {
  readonly repository: string;
  readonly tag: string;
  readonly image: ImageSummary;
}

/** Writes the images of the root, newest first, a row for each name; an image without one is `<none>`. */
export async function listImages(cli: Cli, name: string | undefined, options: ImageListing): Promise<void> {
  const filters = parseFilters(options.filter ?? [], imageFilters);
  const engine = await cli.engine();
  const matches = imageMatcher(engine, filters, text => parseTime(text, Date.now()));
  const images = engine.images
    .list()
    .filter(matches)
    .sort((a, b) => b.created - a.created);
  const rows = images.flatMap(namesOf).filter(row => name === undefined || isNamed(row, name));
  if (options.tree) {
    const other = (['quiet', 'digests', 'format', 'json'] as const).find(each => options[each] !== undefined);
    if (other !== undefined) throw badOption(`--tree does not go with --${other}`, 'give one of them');
    return await writeImageTree(cli, engine, [...new Set(rows.map(row => row.image))]);
  }
  if (options.json) {
    await writeListing(cli, [...new Set(rows.map(row => row.image))], [], options);
    return;
  }
  await writeListing(cli, rows, imageColumns(Date.now(), options), options);
  if (rows.length === 0) await noteWithoutRoot(cli, 'images');
}

function namesOf(image: ImageSummary): NamedImage[] {
  if (image.references.length === 0) return [{ repository: '<none>', tag: '<none>', image }];
  return image.references.map(text => {
    const { tag, ...reference } = parseReference(text);
    return { repository: familiarReference(reference), tag: tag ?? '<none>', image };
  });
}

/** A name fits with or without its registry and tag; with `*` or `?` it is a pattern. */
function isNamed({ repository, tag }: NamedImage, name: string): boolean {
  if (/[*?]/.test(name)) return fitsReference(`${repository}:${tag}`, name);
  return [repository, `${repository}:${tag}`].some(full => full === name || full.endsWith(`/${name}`));
}

function imageColumns(now: number, { trunc, digests }: ImageListing): readonly Column<NamedImage>[] {
  const id = ({ image }: NamedImage) => (trunc === false ? image.id : shortId(image.id));
  return [
    { field: 'Repository', title: 'REPOSITORY', value: row => row.repository },
    { field: 'Tag', title: 'TAG', value: row => row.tag },
    { field: 'Digest', title: 'DIGEST', value: digestOf, hidden: digests !== true },
    { field: 'ID', title: 'IMAGE ID', value: id, quiet: true },
    {
      field: 'CreatedSince',
      title: 'CREATED',
      // One without layers and base has no time, as with docker.
      value: ({ image }) => (image.created > 0 ? `${humanDuration(now - image.created)} ago` : 'N/A'),
    },
    { field: 'Size', title: 'SIZE', value: row => humanSize(row.image.sizeBytes) },
    {
      field: 'UniqueSize',
      title: 'UNIQUE SIZE',
      value: row => humanSize(row.image.uniqueBytes),
      hidden: true,
    },
    {
      field: 'SharedSize',
      title: 'SHARED SIZE',
      value: row => humanSize(row.image.sizeBytes - row.image.uniqueBytes),
      hidden: true,
    },
    {
      field: 'VirtualSize',
      title: 'VIRTUAL SIZE',
      value: row => humanSize(row.image.sizeBytes),
      hidden: true,
    },
    {
      field: 'Containers',
      title: 'CONTAINERS',
      value: row => String(row.image.containers.length),
      hidden: true,
    },
    {
      field: 'CreatedAt',
      title: 'CREATED AT',
      value: row => new Date(row.image.created).toISOString(),
      hidden: true,
    },
  ];
}

/** The digest by which a registry knows the image under this name. */
function digestOf({ repository, image }: NamedImage): string {
  const digests = [...image.references, ...(image.repoDigests ?? [])].flatMap(text => {
    const { digest, tag: _, ...reference } = parseReference(text);
    return digest !== undefined && familiarReference(reference) === repository ? [digest] : [];
  });
  return digests[0] ?? '<none>';
}
