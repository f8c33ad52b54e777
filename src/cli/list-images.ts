import type { ImageSummary } from '../engine/index.ts';
import { familiarReference, parseReference } from '../oci/index.ts';
import { humanDuration, humanSize, shortId } from '../words/index.ts';
import type { Cli } from './cli.ts';
import type { Column } from './format/table.ts';
import type { ListingOptions } from './listing-options.ts';
import { noteWithoutRoot } from './note-without-root.ts';
import { writeListing } from './write-listing.ts';

/** A row of `images`: an image under one of its names. */
interface NamedImage {
  readonly repository: string;
  readonly tag: string;
  readonly image: ImageSummary;
}

/** Writes the images of the root, newest first, a row for each name; an image without one is `<none>`. */
export async function listImages(cli: Cli, name: string | undefined, options: ListingOptions): Promise<void> {
  const engine = await cli.engine();
  const images = [...engine.images.list()].sort((a, b) => b.created - a.created);
  const rows = images.flatMap(namesOf).filter(row => name === undefined || isNamed(row, name));
  if (options.json) {
    await writeListing(cli, [...new Set(rows.map(row => row.image))], [], options);
    return;
  }
  await writeListing(cli, rows, imageColumns(Date.now(), options.trunc === false), options);
  if (rows.length === 0) await noteWithoutRoot(cli, 'images');
}

function namesOf(image: ImageSummary): NamedImage[] {
  if (image.references.length === 0) return [{ repository: '<none>', tag: '<none>', image }];
  return image.references.map(text => {
    const { tag, ...reference } = parseReference(text);
    return { repository: familiarReference(reference), tag: tag ?? '<none>', image };
  });
}

/** A name fits with or without its registry and tag. */
function isNamed({ repository, tag }: NamedImage, name: string): boolean {
  return [repository, `${repository}:${tag}`].some(full => full === name || full.endsWith(`/${name}`));
}

function imageColumns(now: number, whole: boolean): readonly Column<NamedImage>[] {
  const id = ({ image }: NamedImage) => (whole ? image.id : shortId(image.id));
  return [
    { field: 'Repository', title: 'REPOSITORY', value: row => row.repository },
    { field: 'Tag', title: 'TAG', value: row => row.tag },
    { field: 'ID', title: 'IMAGE ID', value: id, quiet: true },
    {
      field: 'CreatedSince',
      title: 'CREATED',
      value: row => `${humanDuration(now - row.image.created)} ago`,
    },
    { field: 'Size', title: 'SIZE', value: row => humanSize(row.image.sizeBytes) },
    {
      field: 'UniqueSize',
      title: 'UNIQUE SIZE',
      value: row => humanSize(row.image.uniqueBytes),
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
