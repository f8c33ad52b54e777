import type { ResourceLoad } from '../capacity/index.ts';
import type { KernelCheck } from '../engine/index.ts';
import { formatBytes } from '../lib/format-bytes.ts';
import { formatCores } from '../lib/format-cores.ts';
import type { Column } from './format/table.ts';
import type { MeasuredLoad } from './measure-load.ts';

/** Every figure of a load line beside the kernel's; and that its parts add up to the machine. */
export function verifiedRows({ line, checks, containers }: MeasuredLoad): KernelCheck[] {
  const names = new Map(containers.map(({ id, name }) => [id, name]));
  return [
    ...checks.map(check => ({ ...check, figure: names.get(check.figure) ?? check.figure })),
    partsCheck('cores', line.cpu),
    partsCheck('bytes', line.memory),
  ];
}

/** For people with units; in CSV numbers of cores and bytes. */
export function verifyColumns({ csv }: { csv?: true }): readonly Column<KernelCheck>[] {
  const amount = (field: string, title: string, of: (row: KernelCheck) => number) => ({
    ...{ field, title },
    value: (row: KernelCheck) => (csv ? String(of(row)) : inWords(row, of(row))),
  });
  return [
    { field: 'Figure', title: 'FIGURE', value: row => row.figure },
    { field: 'Unit', title: 'OF', value: ({ unit }) => (unit === 'cores' ? 'CPU' : 'memory') },
    amount('Shown', 'PLIMSOLL', row => row.shown),
    amount('Kernel', 'KERNEL', row => row.kernel),
    amount('Difference', 'DIFFERENCE', row => row.difference),
    { field: 'Right', title: 'RIGHT', value: ({ isRight }) => (isRight ? 'yes' : 'no') },
  ];
}

function partsCheck(unit: KernelCheck['unit'], load: ResourceLoad): KernelCheck {
  const { capacity, usedByContainers, usedByNeighbours, usedByOthers, reservedUnused, free } = load;
  const rows = load.containers.reduce((sum, { used }) => sum + used, 0);
  const shown = rows + usedByOthers + reservedUnused + free;
  const difference = shown - capacity;
  const isRight = difference === 0 && rows === usedByContainers + usedByNeighbours;
  return { figure: 'all parts together', unit, shown, kernel: capacity, difference, isRight };
}

function inWords({ unit }: KernelCheck, value: number): string {
  const amount = Math.abs(value);
  const words = unit === 'cores' ? `${formatCores(amount)} cores` : formatBytes(amount);
  return value < 0 ? `-${words}` : words;
}
