import type { Command } from 'commander';
import type { ContainerProcess } from '../../engine/index.ts';
import { cleanText } from '../../lib/clean-text.ts';
import { binarySize } from '../../words/index.ts';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';
import { alignColumns } from '../format/align-columns.ts';
import { type Column, formatRows } from '../format/table.ts';

/** `top CONTAINER [PS OPTIONS]` */
export function configureTop(command: Command, cli: Cli): void {
  examples(command, 'plimsoll top web', 'plimsoll top web -o pid,nlwp,args')
    .passThroughOptions()
    .argument('<container>')
    .argument('[options...]', 'What ps(1) of this machine shows with these options (default: -ef)')
    .option('--format <format>', "table, 'table FIELD,FIELD' or json: what the kernel says, without ps(1)")
    .action(async (name: string, options: string[], { format }: { format?: string }) => {
      const engine = await cli.engine();
      if (format === undefined || options.length > 0) {
        const { titles, rows } = await engine.containers.ps(name, options.length > 0 ? options : ['-ef']);
        const cells = [titles, ...rows].map(row => row.map(cell => cleanText(cell)));
        cli.stdout.write(await alignColumns(cells));
        return;
      }
      cli.stdout.write(await formatRows(await engine.containers.top(name), columns, { format }));
    });
}

const columns: readonly Column<ContainerProcess>[] = [
  { field: 'PID', title: 'PID', value: row => String(row.pid) },
  { field: 'PPID', title: 'PPID', value: row => String(row.parentPid) },
  { field: 'User', title: 'USER', value: row => row.user },
  { field: 'State', title: 'STATE', value: row => row.state },
  { field: 'Time', title: 'TIME', value: row => clock(row.cpuSeconds) },
  { field: 'Memory', title: 'RSS', value: row => binarySize(row.residentBytes) },
  { field: 'Started', title: 'STARTED', value: row => new Date(row.startedAt).toISOString() },
  { field: 'Command', title: 'COMMAND', value: row => row.command },
];

/** CPU time as ps(1) prints it: hours, minutes, seconds. */
function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return parts.map(part => String(part).padStart(2, '0')).join(':');
}
