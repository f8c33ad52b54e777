import type { Engine, ImageSummary } from '../engine/index.ts';
import { familiarReference, formatPlatform, parseReference } from '../oci/index.ts';
import { humanSize, shortId } from '../words/index.ts';
import type { Cli } from './cli.ts';
import { type Column, formatRows } from './format/table.ts';

/** A line of the tree: an image under one of its names, or below them what it is for. */
interface Line {
  readonly image?: ImageSummary;
  readonly text: string;
}

/** Writes images as docker's `images --tree` does: each with its further names, and the platform that it is for. */
export async function writeImageTree(
  cli: Cli,
  { images: service }: Pick<Engine, 'images'>,
  images: readonly ImageSummary[],
): Promise<void> {
  const rows = images.flatMap((image): Line[] => {
    const [name = '<none>', ...others] = image.references.map(familiar);
    const { platform } = service.inspect(image.id);
    return [
      { text: name, image },
      ...others.map(text => ({ text })),
      { text: `└─ ${formatPlatform(platform)}` },
    ];
  });
  cli.stdout.write(await formatRows(rows, columns, {}));
}

function familiar(reference: string): string {
  const { tag, ...rest } = parseReference(reference);
  return `${familiarReference(rest)}${tag === undefined ? '' : `:${tag}`}`;
}

const of = (value: (image: ImageSummary) => string) => (row: Line) =>
  row.image === undefined ? '' : value(row.image);

const columns: readonly Column<Line>[] = [
  { field: 'Image', title: 'IMAGE', value: row => row.text },
  { field: 'ID', title: 'ID', value: of(({ id }) => shortId(id)) },
  { field: 'DiskUsage', title: 'DISK USAGE', value: of(({ sizeBytes }) => humanSize(sizeBytes)) },
  { field: 'UniqueSize', title: 'UNIQUE SIZE', value: of(({ uniqueBytes }) => humanSize(uniqueBytes)) },
  {
    field: 'Containers',
    title: 'CONTAINERS',
    value: of(({ containers }) => (containers.length === 0 ? '' : String(containers.length))),
  },
];
