import type { Command } from 'commander';
import type { ContainerLoad } from '../../capacity/index.ts';
import { formatBytes } from '../../lib/format-bytes.ts';
import { formatCores } from '../../lib/format-cores.ts';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';
import type { Column } from '../format/table.ts';
import { type MeasuredLoad, measureLoad } from '../measure-load.ts';
import { type ReportOptions, reportOptions, writeReport } from '../report-options.ts';

/** One container: what it uses, what is set apart for it, and what of that nobody uses. */
interface Row {
  readonly name: string;
  readonly cpu: ContainerLoad;
  readonly memory: ContainerLoad;
  readonly peakMemory?: number;
}

/** `waste`: which containers hold what they do not use, the largest share of the machine first. */
export function configureWaste(command: Command, cli: Cli): void {
  reportOptions(examples(command, 'plimsoll waste', 'plimsoll waste --over 60 --md')).action(
    async (options: ReportOptions) => {
      const measured = await measureLoad(cli, options);
      await writeReport(cli, rowsOf(measured), columns(options), options);
    },
  );
}

function rowsOf({ line, frame, containers }: MeasuredLoad): Row[] {
  const byId = (loads: readonly ContainerLoad[]) => new Map(loads.map(load => [load.id, load]));
  const [cpus, memories] = [byId(line.cpu.containers), byId(line.memory.containers)];
  const share = ({ cpu, memory }: Row) =>
    Math.max(cpu.unused / line.cpu.capacity, memory.unused / line.memory.capacity);
  return containers
    .flatMap(({ id, name }) => {
      const [cpu, memory] = [cpus.get(id), memories.get(id)];
      const peakMemory = frame.containers.get(id)?.memory.peakBytes;
      if (cpu === undefined || memory === undefined) return []; // it has ended meanwhile
      return [{ name, cpu, memory, ...(peakMemory === undefined ? {} : { peakMemory }) }];
    })
    .sort((a, b) => share(b) - share(a));
}

/** For people with units; in CSV numbers of cores and bytes. Empty: no limit and no reservation. */
function columns({ csv }: ReportOptions): readonly Column<Row>[] {
  const amount = (
    field: string,
    title: string,
    of: (row: Row) => number | undefined,
    inWords: (value: number) => string,
  ): Column<Row> => ({
    field,
    title,
    value: row => {
      const value = of(row);
      if (value === undefined) return csv ? '' : '-';
      return csv ? String(value) : inWords(value);
    },
  });
  return [
    { field: 'Name', title: 'NAME', value: row => row.name },
    amount('CpuUsed', 'CORES USED', row => row.cpu.used, formatCores),
    amount('CpuReserved', 'RESERVED', row => row.cpu.reserved, formatCores),
    amount('CpuUnused', 'UNUSED', row => row.cpu.unused, formatCores),
    amount('MemoryUsed', 'MEMORY USED', row => row.memory.used, formatBytes),
    amount('MemoryPeak', 'PEAK', row => row.peakMemory, formatBytes),
    amount('MemoryReserved', 'RESERVED', row => row.memory.reserved, formatBytes),
    amount('MemoryUnused', 'UNUSED', row => row.memory.unused, formatBytes),
  ];
}
