import type { Command } from 'commander';
import type { ImageWaste, StepCost } from '../engine/index.ts';
import { cleanText } from '../lib/clean-text.ts';
import { familiarReference, parseReference } from '../oci/index.ts';
import { humanSize, shortId } from '../words/index.ts';
import type { Cli } from './cli.ts';
import { examples } from './examples.ts';
import type { Column } from './format/table.ts';
import { parseCount } from './parse/parse-limits.ts';
import { alignCosts } from './step-costs.ts';
import { writeListing } from './write-listing.ts';

interface Options {
  readonly files: string;
  readonly json?: true;
}

/** `image waste IMAGE [--files N] [--json]` */
export function configureImageWaste(command: Command, cli: Cli): void {
  examples(command, 'plimsoll image waste app:1', 'plimsoll image waste --files 100 app:1')
    .argument('<image>')
    .option('--files <number>', 'How many of the largest hidden files to list', '10')
    .option('--json', 'As JSON, in bytes')
    .action(async (name: string, options: Options) => {
      const engine = await cli.engine();
      const files = parseCount(options.files, 'a number of files', 0);
      const waste = await engine.images.waste(name, { files, signal: cli.signal });
      const costs = alignCosts(waste.steps, await engine.builds.costs(waste.id));
      if (options.json) {
        const steps = waste.steps.map((step, index) => ({ ...step, cost: costs[index] ?? null }));
        cli.stdout.write(`${JSON.stringify({ ...waste, steps }, undefined, 2)}\n`);
        return;
      }
      cli.stdout.write(summaryOf(waste));
      const rows = waste.steps.map((step, index) => ({ ...step, number: index + 1, cost: costs[index] }));
      await writeListing(cli, rows, stepColumns, {});
      if (waste.files.length === 0) return;
      cli.stdout.write('\n');
      await writeListing(cli, waste.files, fileColumns, {});
      const more = waste.fileCount - waste.files.length;
      if (more > 0) cli.stdout.write(`and ${more} more\n`);
    });
}

function summaryOf(waste: ImageWaste): string {
  const { id, references, sizeBytes, hiddenBytes, uniqueBytes, machineBytes } = waste;
  const [reference] = references;
  const name = reference === undefined ? shortId(id) : familiarReference(parseReference(reference));
  const percent = sizeBytes === 0 ? 0 : Math.round((hiddenBytes / sizeBytes) * 100);
  const shared = humanSize(sizeBytes - uniqueBytes);
  return `${cleanText(name)}: ${humanSize(sizeBytes)}, of which ${shared} are shared with other images and ${humanSize(uniqueBytes)} only its own;
${humanSize(hiddenBytes)} (${percent}%) are deleted or overwritten by later steps: they ship and never show;
a snapshot of this machine would hold ${humanSize(machineBytes)}${timesOf(machineBytes, sizeBytes)}\n\n`;
}

/** How many images of a size go into it. */
function timesOf(machineBytes: number, sizeBytes: number): string {
  const times = Math.floor(machineBytes / sizeBytes);
  return times > 1 && Number.isFinite(times) ? `, ${times.toLocaleString('en')} times as much` : '';
}

type StepRow = ImageWaste['steps'][number] & { readonly number: number; readonly cost: StepCost | undefined };

const stepColumns: readonly Column<StepRow>[] = [
  { field: 'Step', title: 'STEP', value: row => String(row.number) },
  { field: 'Size', title: 'SIZE', value: row => humanSize(row.sizeBytes) },
  { field: 'Hidden', title: 'HIDDEN', value: row => humanSize(row.hiddenBytes) },
  {
    field: 'Shared',
    title: 'SHARED WITH',
    value: ({ sharedWith: { length } }) =>
      length === 0 ? '-' : `${length} ${length === 1 ? 'image' : 'images'}`,
  },
  { field: 'Time', title: 'TIME', value: ({ cost }) => timeOf(cost) },
  { field: 'Cache', title: 'CACHE', value: cacheOf },
  { field: 'CreatedBy', title: 'CREATED BY', value: row => oneLine(row.createdBy) },
];

function timeOf(cost: StepCost | undefined): string {
  return cost === undefined ? '-' : `${(cost.milliseconds / 1000).toFixed(1)}s`;
}

function cacheOf({ cost, diffId }: StepRow): string {
  if (cost === undefined || diffId === undefined) return '-'; // what changes no file is not worth a cache
  return cost.outcome === 'cached' ? 'hit' : `miss: ${oneLine(cost.cacheMiss ?? 'built')}`;
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length <= 60 ? line : `${line.slice(0, 59)}…`;
}

const fileColumns: readonly Column<ImageWaste['files'][number]>[] = [
  { field: 'Size', title: 'SIZE', value: row => humanSize(row.bytes) },
  { field: 'MadeBy', title: 'MADE BY STEP', value: row => String(row.madeBy + 1) },
  { field: 'How', title: 'THEN', value: row => `${row.how} by step ${row.hiddenBy + 1}` },
  { field: 'Path', title: 'FILE', value: row => row.path },
];
