import type { Command } from 'commander';
import type { ResourceLoad } from '../../capacity/index.ts';
import { formatBytes } from '../../lib/format-bytes.ts';
import { formatCores } from '../../lib/format-cores.ts';
import { formatPercent } from '../../lib/format-percent.ts';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';
import type { Column } from '../format/table.ts';
import { measureLoad } from '../measure-load.ts';
import { type ReportOptions, reportOptions, writeReport } from '../report-options.ts';

interface Row extends ResourceLoad {
  readonly resource: 'CPU' | 'memory';
}

/** `capacity`: the load line, for scripts. */
export function configureCapacity(command: Command, cli: Cli): void {
  reportOptions(
    examples(command, 'plimsoll capacity', 'plimsoll capacity --over 10 --fail-over 60% --json'),
  ).action(async (options: ReportOptions) => {
    const { line } = await measureLoad(cli, options);
    const rows: Row[] = [
      { resource: 'CPU', ...line.cpu },
      { resource: 'memory', ...line.memory },
    ];
    await writeReport(cli, rows, columns(options), options);
  });
}

/** For people with units; in CSV numbers of cores and bytes. */
function columns({ csv }: ReportOptions): readonly Column<Row>[] {
  const amount = (field: string, title: string, of: (row: Row) => number): Column<Row> => ({
    field,
    title,
    value: row => (csv ? String(of(row)) : inWords(row, of(row))),
  });
  return [
    { field: 'Resource', title: 'RESOURCE', value: row => row.resource },
    amount('Capacity', 'CAPACITY', row => row.capacity),
    amount('Containers', 'CONTAINERS', row => row.usedByContainers),
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
  ];
}

function inWords({ resource }: Row, value: number): string {
  return resource === 'CPU' ? `${formatCores(value)} cores` : formatBytes(value);
}
