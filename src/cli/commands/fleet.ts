import type { Command } from 'commander';
import {
  consolidate,
  defaultConsolidation,
  type FleetMachine,
  type FleetTable,
  fleetTable,
  type Prices,
} from '../../capacity/index.ts';
import { openFleet, silentAfter, visitMachine } from '../../fleet/index.ts';
import type { Cli } from '../cli.ts';
import { readPrices } from '../config/read-prices.ts';
import { examples } from '../examples.ts';
import { fleetColumns, totalLine } from '../fleet/fleet-columns.ts';
import { type FleetOptions, parseFleet, parseSeconds } from '../fleet/fleet-options.ts';
import { fleetPage } from '../fleet/fleet-page.ts';
import { runAgent } from '../fleet/run-agent.ts';
import { writeConsolidation } from '../fleet/write-consolidation.ts';
import { replaceFile } from '../html/replace-file.ts';
import { badOption } from '../parse/bad-option.ts';
import { type FormOptions, formOptions, parseFailOver, writeReport } from '../report-options.ts';

interface Options extends FormOptions, FleetOptions {
  readonly agent?: true;
  readonly html?: string;
  readonly failOver?: string;
  readonly failSilent?: true;
  readonly consolidate?: true;
  readonly headroom: string;
  readonly cpuPeaks?: true;
}

/** `fleet [USER@HOST...]`: what many machines have, use and waste. */
export function configureFleet(command: Command, cli: Cli): void {
  formOptions(
    examples(
      command,
      'plimsoll fleet deploy@web-1 deploy@web-2',
      'plimsoll fleet --format table',
      'plimsoll fleet --fail-over 60% --json',
      'plimsoll fleet --html fleet.html',
      'plimsoll fleet --consolidate --headroom 30%',
    ).argument('[machine...]', 'over ssh, with plimsoll there; default: all of fleet.yaml'),
  )
    .option('--config <file>', 'Instead of ~/.config/plimsoll/fleet.yaml')
    .option('--every <seconds>', 'How often machines tell their figures (default: 5)')
    .option('--wait <seconds>', 'How long to wait for machines that do not answer', '15')
    .option('--html <file>', 'A page of its own instead of a table; - prints it')
    .option('--fail-over <percent>', "Exit with 1 if more than this of the fleet's CPU or memory is wasted")
    .option('--fail-silent', 'Exit with 1 if a machine does not answer')
    .option('--consolidate', 'Tell which machines could be emptied onto which others, and by which moves')
    .option('--headroom <percent>', 'What stays free of each machine then, at P95', '20%')
    .option('--cpu-peaks', 'Leave room for the CPU peaks of all containers at once, too')
    .option('--agent', 'What ssh runs on each machine: print a report every few seconds')
    .action(async (targets: string[], options: Options) => {
      if (options.agent) return await runAgent(cli, parseSeconds(options.every ?? '5', '--every') * 1000);
      const limit = parseFailOver(options);
      if (cli.showFleet !== undefined && !isForPaper(options))
        return cli.setExitCode(await showFleet(cli, targets, { ...options, show: cli.showFleet }));
      const rule = { headroom: parseHeadroom(options.headroom), cpuPeaks: options.cpuPeaks ?? false };
      const { machines, ...known } = await readFleet(cli, targets, options);
      const table = fleetTable(machines, known);
      if (options.consolidate) {
        const plan = consolidate(machines, { ...defaultConsolidation, ...known, ...rule });
        await writeConsolidation(cli, plan, { ...options, prices: known.prices });
      } else await report(cli, table, options);
      if (isFailure(table, { ...options, limit })) cli.setExitCode(1);
    });
}

/** Something other than the pane is asked for. */
function isForPaper(options: Options): boolean {
  const { format, json, quiet, csv, md, html, failOver, failSilent, consolidate: plan } = options;
  return [format, json, quiet, csv, md, html, failOver, failSilent, plan].some(one => one !== undefined);
}

/** The pane, with the machines as they are known from moment to moment. */
async function showFleet(
  cli: Cli,
  targets: readonly string[],
  { show, ...options }: Options & { readonly show: NonNullable<Cli['showFleet']> },
): Promise<number> {
  const config = parseFleet(cli, targets, options);
  const prices = await readPrices(cli);
  await using fleet = openFleet(config);
  return await show({
    machines: () => fleet.machines(),
    silentAfterMs: silentAfter(config),
    visit: name => visitMachine(config, name),
    ...(prices === undefined ? {} : { prices }),
  });
}

/** What is known of a fleet, and by what it is told. */
interface KnownFleet {
  readonly machines: readonly FleetMachine[];
  readonly now: number;
  readonly silentAfterMs: number;
  readonly prices?: Prices;
}

/** Asks all machines once. Those that do not answer in time are without figures. */
async function readFleet(cli: Cli, targets: readonly string[], options: Options): Promise<KnownFleet> {
  const config = parseFleet(cli, targets, options);
  const waitMs = parseSeconds(options.wait, '--wait') * 1000;
  const prices = await readPrices(cli);
  await using fleet = openFleet(config);
  await fleet.complete(AbortSignal.any([cli.signal, AbortSignal.timeout(waitMs)]));
  cli.signal.throwIfAborted();
  const known = { machines: fleet.machines(), now: Date.now(), silentAfterMs: silentAfter(config) };
  return { ...known, ...(prices === undefined ? {} : { prices }) };
}

/** A share, 0..1. */
function parseHeadroom(text: string): number {
  const percent = Number(/^([\d.]+)%?$/.exec(text)?.[1]);
  if (percent >= 0 && percent < 100) return percent / 100;
  throw badOption(`"${text}" is no headroom`, 'write --headroom 20%');
}

async function report(cli: Cli, table: FleetTable, options: Options): Promise<void> {
  const isPriced = table.total.monthlyCost !== undefined;
  const columns = fleetColumns({ csv: options.csv ?? false, isPriced, prices: await readPrices(cli) });
  const lines = [...table.rows, totalLine(table.total)];
  if (options.html !== undefined) {
    const page = fleetPage(table, lines, { columns, now: Date.now() });
    if (options.html === '-') cli.stdout.write(page);
    else replaceFile(cli.cwd, options.html, page);
    return;
  }
  const isForScripts = options.json || options.csv || options.quiet || options.format === 'json';
  await writeReport(cli, isForScripts ? table.rows : lines, columns, options);
}

function isFailure(
  { total }: FleetTable,
  { limit, failSilent }: { readonly limit: number | undefined; readonly failSilent?: true },
): boolean {
  const { cpu, memory, machines, answering } = total;
  if (answering === 0 || (failSilent === true && answering < machines)) return true;
  const worst = Math.max(...[cpu, memory].map(({ wasted, capacity }) => wasted / capacity));
  return limit !== undefined && worst > limit;
}
