import type { Command } from 'commander';
import { type Fit, type MeasuredContainer, measuredContainers, whatIf } from '../../capacity/index.ts';
import { type Engine, machineId } from '../../engine/index.ts';
import { PlimsollError } from '../../errors.ts';
import { formatBytes } from '../../lib/format-bytes.ts';
import { formatCores } from '../../lib/format-cores.ts';
import type { Cli } from '../cli.ts';
import { collect } from '../collect.ts';
import { examples } from '../examples.ts';
import type { Column } from '../format/table.ts';
import { badOption } from '../parse/bad-option.ts';
import { parseSize } from '../parse/parse-size.ts';
import { parseTime } from '../parse/parse-time.ts';
import { alsoOption, type FormOptions, formOptions, writeReport } from '../report-options.ts';

interface Options extends FormOptions {
  readonly also?: readonly string[];
  readonly cores?: string;
  readonly memory?: string;
  readonly without?: readonly string[];
  readonly replicas?: readonly string[];
  readonly since: string;
}

/** `what-if`: would it fit on another machine, with other containers? */
export function configureWhatIf(command: Command, cli: Cli): void {
  formOptions(
    examples(
      command,
      'plimsoll what-if --cores 4 --memory 8g',
      'plimsoll what-if --without batch --replicas web=2',
    ),
  )
    .option('--cores <number>', 'The machine has this many cores')
    .option('--memory <size>', 'The machine has this much memory')
    .option('--without <container>', 'It runs elsewhere', collect)
    .option('--replicas <container=number>', 'There are this many of it', collect)
    .option('--since <time>', 'How far to look back: a duration, or a time', '7d')
    .option(...alsoOption)
    .action(async (options: Options) => {
      cli.alsoMeasure(options.also ?? []);
      const engine = await cli.engine();
      const since = parseTime(options.since, Date.now());
      const frame = await engine.stats.once({ signal: cli.signal });
      const beside = measuredContainers([], frame);
      const idOf = (name: string) =>
        (beside.find(each => each.name === name) ?? engine.containers.inspect(name)).id;
      const replicas = new Map([
        ...(options.replicas ?? []).map(text => parseReplicas(idOf, text)),
        ...(options.without ?? []).map(name => [idOf(name), 0] as const),
      ]);
      const { host } = frame;
      const cores = parseCores(options.cores) ?? host.cores;
      const memoryBytes = options.memory === undefined ? host.memoryTotalBytes : parseSize(options.memory);
      const fits = whatIf(readRecorded(engine, beside, since), { cores, memoryBytes, replicas });
      if (fits.some(({ fitsP95 }) => !fitsP95)) cli.setExitCode(1);
      await writeReport(cli, fits, columns(options), options);
    });
}

function readRecorded({ history, containers }: Engine, beside: readonly MeasuredContainer[], since: number) {
  const usage = history.usage({ since });
  const machine = usage.get(machineId);
  if (machine === undefined) {
    throw new PlimsollError('conflict', 'nothing is recorded in that time', {
      ...{ code: 'NOT_RECORDED', hint: 'leave the dashboard open, or plimsoll record running' },
    });
  }
  const running = [...containers.list(), ...beside].flatMap(({ id }) => {
    const own = usage.get(id);
    return own === undefined ? [] : [[id, own] as const];
  });
  return { machine, containers: new Map(running) };
}

function parseReplicas(idOf: (name: string) => string, text: string): readonly [id: string, count: number] {
  const [, name = '', count] = /^(.+)=(\d{1,4})$/.exec(text) ?? [];
  if (count === undefined) throw badOption(`"${text}" is no number of replicas`, 'write --replicas web=2');
  return [idOf(name), Number(count)];
}

function parseCores(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const cores = Number(text);
  if (text.trim() !== '' && cores > 0 && cores <= 65_536) return cores;
  throw badOption(`"${text}" is not a number of cores`, 'write it as in --cores 4');
}

/** For people with units; in CSV numbers of cores and bytes. */
function columns({ csv }: Options): readonly Column<Fit>[] {
  const amount = (field: string, title: string, of: (fit: Fit) => number): Column<Fit> => ({
    ...{ field, title },
    value: fit => (csv ? String(of(fit)) : inWords(fit, of(fit))),
  });
  const words = (fits: boolean) => (fits ? 'yes' : 'no');
  return [
    { field: 'Resource', title: 'RESOURCE', value: ({ resource }) => resource },
    amount('Capacity', 'CAPACITY', ({ capacity }) => capacity),
    amount('P95', 'AT P95', ({ p95 }) => p95),
    { field: 'FitsP95', title: 'FITS', value: ({ fitsP95 }) => words(fitsP95) },
    amount('Peak', 'AT PEAK', ({ peak }) => peak),
    { field: 'FitsPeak', title: 'FITS', value: ({ fitsPeak }) => words(fitsPeak) },
  ];
}

function inWords({ resource }: Fit, value: number): string {
  return resource === 'CPU' ? `${formatCores(value)} cores` : formatBytes(value);
}
