import type { Command } from 'commander';
import {
  type Advice,
  adviseFrom,
  type ContainerLoad,
  type Percentiles,
  percentilesOf,
} from '../../capacity/index.ts';
import type { UsageHistory } from '../../engine/index.ts';
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
import { type MeasuredLoad, measureLoad } from '../measure-load.ts';
import { badOption } from '../parse/bad-option.ts';
import { parseTime } from '../parse/parse-time.ts';
import { type FormOptions, type ReportOptions, reportOptions, writeReport } from '../report-options.ts';
import { writeDiskWaste } from '../write-disk-waste.ts';

/** One container: what it uses, what is set apart for it, and what of that nobody uses. */
interface Row {
  readonly name: string;
  readonly cpu: ContainerLoad;
  readonly memory: ContainerLoad;
  readonly peakMemory?: number;
  /** Memory by its kind, so that a cache is not taken for need. */
  readonly anonymous: number;
  readonly file: number;
  readonly shared: number;
  readonly kernel: number;
  /** Signs of too little, so that it is not mistaken for idle: shares (0..1) of time, and counts. */
  readonly throttled: number;
  readonly pressure?: { readonly cpu: number; readonly memory: number; readonly io: number };
  readonly oomKills: number;
  readonly restarts?: number;
  /** What was recorded of it over the window, and what it needs by that. */
  readonly cpuHistory?: Percentiles;
  readonly memoryHistory?: Percentiles;
  readonly advice?: Advice;
}

/** `waste`: which containers hold what they do not use, the largest share of the machine first. */
export function configureWaste(command: Command, cli: Cli): void {
  reportOptions(examples(command, 'plimsoll waste', 'plimsoll waste --over 60 --md', 'plimsoll waste --disk'))
    .option(
      '--disk',
      'Instead, what could be freed on the disk, since when nobody uses it, and by which command',
    )
    .action(async (options: ReportOptions & { readonly disk?: true }) => {
      if (options.disk) return await writeDiskWaste(cli, parseDisk(options));
      const since = parseTime(options.since, Date.now());
      const measured = await measureLoad(cli, options);
      if (options.html !== undefined) return await writeHtmlReport(cli, options.html, { ...measured, since });
      const engine = await cli.engine();
      const usage = engine.history.usage({ since });
      const advised = adviseFrom(engine, { ...measured, since, usage });
      const advice = new Map(advised.map(row => [row.id, row.advice]));
      const money = moneyColumn(await readPrices(cli), 'UNUSED A MONTH', unusedOf, options.csv ?? false);
      const rows = rowsOf(measured, { usage, advice });
      await writeReport(cli, rows, [...columns(options), ...money], options);
    });
}

/** What is measured has no part in what is on the disk. */
function parseDisk({ html, failOver, ...options }: ReportOptions): FormOptions {
  if (html === undefined && failOver === undefined) return options;
  throw badOption('--disk goes with neither --html nor --fail-over', 'use --json, --csv or --md');
}

function unusedOf({ cpu, memory }: Row): { cores: number; bytes: number } {
  return { cores: cpu.unused, bytes: memory.unused };
}

function rowsOf(
  { line, frame, containers }: MeasuredLoad,
  known: { usage: ReadonlyMap<string, UsageHistory>; advice: ReadonlyMap<string, Advice> },
): Row[] {
  const byId = (loads: readonly ContainerLoad[]) => new Map(loads.map(load => [load.id, load]));
  const [cpus, memories] = [byId(line.cpu.containers), byId(line.memory.containers)];
  const share = ({ cpu, memory }: Row) =>
    Math.max(cpu.unused / line.cpu.capacity, memory.unused / line.memory.capacity);
  return containers
    .flatMap(({ id, name, state }) => {
      const [cpu, memory] = [cpus.get(id), memories.get(id)];
      const used = frame.containers.get(id) ?? frame.neighbours?.get(id);
      if (cpu === undefined || memory === undefined || used === undefined) return []; // it has ended meanwhile
      const { peakBytes: peakMemory, anonBytes, fileBytes, shmemBytes, kernelBytes, oomKills } = used.memory;
      const pressure = used.sample?.pressure;
      const signs = {
        ...{ anonymous: anonBytes, file: fileBytes, shared: shmemBytes, kernel: kernelBytes },
        ...{ throttled: used.throttledShare, oomKills },
        ...(pressure === undefined ? {} : { pressure }),
        ...(state === undefined ? {} : { restarts: state.restartCount }),
      };
      const [usage, advice] = [known.usage.get(id), known.advice.get(id)];
      const more = {
        ...(peakMemory === undefined ? {} : { peakMemory }),
        ...(advice === undefined ? {} : { advice }),
        ...(usage === undefined
          ? {}
          : { cpuHistory: percentilesOf(usage.cpu), memoryHistory: percentilesOf(usage.memory) }),
      };
      return [{ name, cpu, memory, ...signs, ...more }];
    })
    .sort((a, b) => share(b) - share(a));
}

/** For people with units; in CSV numbers of cores and bytes. Empty: no limit and no reservation. */
function columns({ csv }: ReportOptions): readonly Column<Row>[] {
  const amount = amountColumns<Row>(csv === true);
  const cpu = (field: string, title: string, of: (history: Percentiles) => number) =>
    amount(field, title, ({ cpuHistory }) => cpuHistory && of(cpuHistory), formatCores);
  const memory = (field: string, title: string, of: (history: Percentiles) => number) =>
    amount(field, title, ({ memoryHistory }) => memoryHistory && of(memoryHistory), formatBytes);
  const hidden = (column: Column<Row>): Column<Row> => ({ ...column, hidden: true });
  const share = (value: number) => formatPercent(value * 100);
  return [
    { field: 'Name', title: 'NAME', value: row => row.name },
    amount('CpuUsed', 'CORES USED', row => row.cpu.used, formatCores),
    hidden(cpu('CpuMedian', 'P50', ({ median }) => median)),
    cpu('CpuP95', 'P95', ({ p95 }) => p95),
    hidden(cpu('CpuP99', 'P99', ({ p99 }) => p99)),
    hidden(cpu('CpuMax', 'MAX', ({ max }) => max)),
    amount('CpuNeeded', 'NEEDED', ({ advice }) => advice?.cpu?.needed, formatCores),
    amount('CpuReserved', 'RESERVED', row => row.cpu.reserved, formatCores),
    amount('CpuUnused', 'UNUSED', row => row.cpu.unused, formatCores),
    amount('MemoryUsed', 'MEMORY USED', row => row.memory.used, formatBytes),
    hidden(memory('MemoryMedian', 'P50', ({ median }) => median)),
    memory('MemoryP95', 'P95', ({ p95 }) => p95),
    hidden(memory('MemoryP99', 'P99', ({ p99 }) => p99)),
    hidden(memory('MemoryMax', 'MAX', ({ max }) => max)),
    amount('MemoryPeak', 'PEAK', row => row.peakMemory, formatBytes),
    amount('MemoryNeeded', 'NEEDED', ({ advice }) => advice?.memory?.needed, formatBytes),
    amount('MemoryReserved', 'RESERVED', row => row.memory.reserved, formatBytes),
    amount('MemoryUnused', 'UNUSED', row => row.memory.unused, formatBytes),
    hidden(amount('Anonymous', 'ANONYMOUS', row => row.anonymous, formatBytes)),
    hidden(amount('File', 'FILE', row => row.file, formatBytes)),
    hidden(amount('Shared', 'SHARED', row => row.shared, formatBytes)),
    hidden(amount('Kernel', 'KERNEL', row => row.kernel, formatBytes)),
    hidden(amount('Throttled', 'THROTTLED', row => row.throttled, share)),
    hidden(amount('PressureCpu', 'PSI CPU', ({ pressure }) => pressure?.cpu, share)),
    hidden(amount('PressureMemory', 'PSI MEMORY', ({ pressure }) => pressure?.memory, share)),
    hidden(amount('PressureIo', 'PSI IO', ({ pressure }) => pressure?.io, share)),
    hidden(amount('OomKills', 'OOM KILLS', row => row.oomKills, String)),
    hidden(amount('Restarts', 'RESTARTS', ({ restarts }) => restarts, String)),
  ];
}
