import type { FleetResource, FleetRow, FleetTotal, Prices } from '../../capacity/index.ts';
import { formatBytes } from '../../lib/format-bytes.ts';
import { formatCores } from '../../lib/format-cores.ts';
import { formatDuration } from '../../lib/format-duration.ts';
import { formatPercent } from '../../lib/format-percent.ts';
import { amountColumns } from '../format/amount-column.ts';
import { formatMoney } from '../format/format-money.ts';
import type { Column } from '../format/table.ts';

/** A machine of the table, or the line of all of them. */
export type FleetLine = Omit<FleetRow, 'status'> & { readonly status: string };

/** All machines as a line of their own. */
export function totalLine(total: FleetTotal): FleetLine {
  const { machines, answering, ...figures } = total;
  return { name: `all ${machines}`, status: `${answering} of ${machines}`, ...figures };
}

/** For people with units; in CSV numbers of cores, bytes and milliseconds. */
export function fleetColumns({
  csv,
  prices,
  isPriced,
}: {
  readonly csv: boolean;
  readonly prices: Prices | undefined;
  readonly isPriced: boolean;
}): readonly Column<FleetLine>[] {
  const column = amountColumns<FleetLine>(csv);
  const hidden = (one: Column<FleetLine>): Column<FleetLine> => ({ ...one, hidden: true });
  const share = (value: number) => formatPercent(value * 100);
  const money = (amount: number) => formatMoney(amount, { currency: prices?.currency ?? '' });
  const resource = (
    name: string,
    title: string,
    of: (row: FleetLine) => FleetResource | undefined,
    inWords: (value: number) => string,
  ) => [
    column(`${name}Capacity`, title, row => of(row)?.capacity, inWords),
    column(`${name}Used`, 'USED', row => of(row)?.used, inWords),
    hidden(column(`${name}UsedP95`, 'P95', row => of(row)?.usedP95, inWords)),
    column(`${name}Reserved`, 'RESERVED', row => of(row)?.reserved, inWords),
    column(`${name}Wasted`, 'WASTED', row => of(row)?.wasted, inWords),
    column(`${name}WastedShare`, '%', row => wastedShare(of(row)), share),
  ];
  return [
    { field: 'Name', title: 'MACHINE', value: row => row.name },
    { field: 'Grade', title: 'GRADE', value: row => row.grade ?? (csv ? '' : '-') },
    ...resource('Cpu', 'CORES', row => row.cpu, formatCores),
    ...resource('Memory', 'MEMORY', row => row.memory, formatBytes),
    ...(isPriced
      ? [
          column('MonthlyCost', 'A MONTH', row => row.monthlyCost, money),
          column('MonthlyWaste', 'WASTED', row => row.monthlyWaste, money),
        ]
      : []),
    hidden(column('Containers', 'CONTAINERS', row => row.running, String)),
    hidden({ field: 'Hostname', title: 'HOSTNAME', value: row => row.hostname ?? '' }),
    hidden({ field: 'Machine', title: 'TYPE', value: row => row.machine ?? '' }),
    hidden(column('Age', 'AGE', row => row.ageMs, formatDuration)),
    hidden({ field: 'Problem', title: 'PROBLEM', value: row => row.problem ?? '' }),
    csv
      ? { field: 'Status', title: 'STATUS', value: row => row.status }
      : { field: 'Status', title: 'STATUS', value: statusWords },
  ];
}

function wastedShare(resource: FleetResource | undefined): number | undefined {
  return resource === undefined || resource.capacity === 0 ? undefined : resource.wasted / resource.capacity;
}

/** A machine that does not answer tells since when, and why. */
function statusWords({ status, ageMs, problem }: FleetLine): string {
  if (status !== 'silent') return status;
  const since = ageMs === undefined ? 'never answered' : `silent for ${formatDuration(ageMs)}`;
  return problem === undefined ? since : `${since}: ${problem}`;
}
