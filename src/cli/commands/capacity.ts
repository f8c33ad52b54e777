import type { Command } from 'commander';
import {
  neighbourEngines,
  type Percentiles,
  percentilesOf,
  type ResourceLoad,
} from '../../capacity/index.ts';
import { type Engine, machineId, type UsageHistory } from '../../engine/index.ts';
import { formatBytes } from '../../lib/format-bytes.ts';
import { formatCores } from '../../lib/format-cores.ts';
import { formatPercent } from '../../lib/format-percent.ts';
import type { Cli } from '../cli.ts';
import { readPrices } from '../config/read-prices.ts';
import { examples } from '../examples.ts';
import { amountColumns } from '../format/amount-column.ts';
import { moneyColumn } from '../format/format-money.ts';
import type { Column } from '../format/table.ts';
import { writeHtmlReport } from '../html/write-html-report.ts';
import { measureLoad } from '../measure-load.ts';
import { parseTime } from '../parse/parse-time.ts';
import { isForPeople, type ReportOptions, reportOptions, writeReport } from '../report-options.ts';
import { verifiedRows, verifyColumns } from '../verify-load.ts';

interface Row extends Omit<ResourceLoad, 'containers'>, Partial<Pick<ResourceLoad, 'containers'>> {
  readonly resource: 'CPU' | 'memory' | 'disk';
  /** Of the CPU: cores that the hypervisor gave to others; they are part of the rest. */
  readonly stolen?: number;
  /** Of the memory: what the kernel holds for itself, part of the rest; and files in what is free. */
  readonly kernel?: number;
  readonly cache?: number;
  /** What the machine has used over the window; absent if nothing was recorded. */
  readonly history?: Percentiles;
}

/** `capacity`: the load line, for scripts. */
export function configureCapacity(command: Command, cli: Cli): void {
  reportOptions(
    examples(
      command,
      'plimsoll capacity',
      'plimsoll capacity --over 10 --fail-over 60% --json',
      'plimsoll capacity --verify',
    ),
  )
    .option('--verify', "Check every figure against the kernel's files, and show the difference")
    .action(async (options: ReportOptions & { verify?: true }) => {
      const since = parseTime(options.since, Date.now());
      const measured = await measureLoad(cli, options);
      if (options.html !== undefined) return await writeHtmlReport(cli, options.html, { ...measured, since });
      if (options.verify) {
        const rows = verifiedRows(measured);
        if (rows.some(({ isRight }) => !isRight)) cli.setExitCode(1);
        return await writeReport(cli, rows, verifyColumns(options), options);
      }
      const { line, frame } = measured;
      const { cpu, memory } = line;
      const engine = await cli.engine();
      const usage = machineUsage(engine, since);
      const { kernelBytes: kernel, cacheBytes: cache } = frame.host.sample.memory;
      const stolen = frame.host.stealCores;
      const rows: Row[] = [
        { resource: 'CPU', ...cpu, stolen, ...(usage && { history: percentilesOf(usage.cpu) }) },
        {
          resource: 'memory',
          ...memory,
          kernel,
          cache,
          ...(usage && { history: percentilesOf(usage.memory) }),
        },
        ...(await diskRow(cli, engine)),
      ];
      const money = moneyColumn(await readPrices(cli), 'WASTED A MONTH', wasteOf, options.csv ?? false);
      await writeReport(cli, rows, [...columns(options, neighbourEngines(cpu)), ...money], options);
      if (isForPeople(options)) cli.stdout.write(partsInWords({ stolen, kernel, cache }));
    });
}

/** The disk that all of the engine lies on, which it shares with others; none where that cannot be told. */
async function diskRow(cli: Cli, engine: Engine): Promise<Row[]> {
  const { diskTotalBytes: capacity, diskFreeBytes: free } = await engine.stats.facts();
  if (capacity === 0) return [];
  const { totalBytes } = await engine.system.diskUsage({ signal: cli.signal });
  const used = capacity - free;
  const usedByContainers = Math.min(totalBytes, used);
  const none = { usedByNeighbours: 0, reservedUnused: 0, wastedHeldByReservations: 0 };
  return [
    {
      resource: 'disk',
      capacity,
      usedByContainers,
      ...none,
      usedByOthers: used - usedByContainers,
      free,
      used,
      wasted: free,
    },
  ];
}

/** What the columns have no room for. */
function partsInWords({ stolen, kernel, cache }: Required<Pick<Row, 'stolen' | 'kernel' | 'cache'>>): string {
  const rest = `Of the rest ${formatBytes(kernel)} are the kernel's, and ${formatCores(stolen)} cores went to other machines of the hypervisor.`;
  return `\n${rest}\nOf the free memory up to ${formatBytes(cache)} hold files, and are given up when needed.\n`;
}

function machineUsage({ history }: Engine, since: number): UsageHistory | undefined {
  return history.usage({ since }, machineId).get(machineId);
}

function wasteOf({ resource, wasted }: Row): { cores?: number; bytes?: number } {
  if (resource === 'disk') return {};
  return resource === 'CPU' ? { cores: wasted } : { bytes: wasted };
}

/** For people with units; in CSV numbers of cores and bytes. */
function columns({ csv }: ReportOptions, engines: readonly string[]): readonly Column<Row>[] {
  const column = amountColumns<Row>(csv === true);
  const amount = (field: string, title: string, of: (row: Row) => number | undefined) =>
    column(field, title, of, inWords);
  const hidden = (column: Column<Row>): Column<Row> => ({ ...column, hidden: true });
  return [
    { field: 'Resource', title: 'RESOURCE', value: row => row.resource },
    amount('Capacity', 'CAPACITY', row => row.capacity),
    amount('Containers', 'CONTAINERS', row => row.usedByContainers),
    {
      ...amount('Neighbours', `OF ${engines.join(', ').toUpperCase()}`, row => row.usedByNeighbours),
      hidden: engines.length === 0,
    },
    amount('Rest', 'REST OF THE VM', row => row.usedByOthers),
    amount('ReservedUnused', 'RESERVED, UNUSED', row => row.reservedUnused),
    amount('Free', 'FREE', row => row.free),
    amount('Wasted', 'WASTED', row => row.wasted),
    {
      field: 'WastedShare',
      title: '%',
      value: ({ wasted, capacity }) =>
        csv ? String(wasted / capacity) : formatPercent((wasted / capacity) * 100),
    },
    hidden(amount('Stolen', 'STOLEN', ({ stolen }) => stolen)),
    hidden(amount('Kernel', 'KERNEL', ({ kernel }) => kernel)),
    hidden(amount('Cache', 'CACHE', ({ cache }) => cache)),
    hidden(amount('UsedMedian', 'USED P50', ({ history }) => history?.median)),
    amount('UsedP95', 'USED P95', ({ history }) => history?.p95),
    hidden(amount('UsedP99', 'USED P99', ({ history }) => history?.p99)),
    amount('UsedMax', 'MAX', ({ history }) => history?.max),
  ];
}

function inWords(value: number, { resource }: Row): string {
  return resource === 'CPU' ? `${formatCores(value)} cores` : formatBytes(value);
}
