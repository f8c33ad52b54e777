import { adviseFrom } from '../../capacity/index.ts';
import { machineId } from '../../engine/index.ts';
import type { Cli } from '../cli.ts';
import { readPrices } from '../config/read-prices.ts';
import type { MeasuredLoad } from '../measure-load.ts';
import { htmlReport } from './html-report.ts';
import { replaceFile } from './replace-file.ts';

/** Points of a chart. */
const points = 200;

/** Writes what was measured, what was recorded, and advice as a page to a file; `-` is standard output. */
export async function writeHtmlReport(
  cli: Cli,
  path: string,
  { line, frame, containers, since }: MeasuredLoad & { readonly since: number },
): Promise<void> {
  const engine = await cli.engine();
  const now = Date.now();
  const known = engine.history.usage({ since }, machineId).get(machineId);
  const from = Math.max(since, known?.first ?? since); // a new machine has no week: its chart would be a sliver
  const chart = (id: string) => engine.history.chart(id, { since: from, until: now }, points);
  const advised = adviseFrom(engine, { containers, frame, since });
  const prices = await readPrices(cli);
  const page = htmlReport({
    ...{ facts: await engine.stats.facts(), now, since: from, line, machine: chart(machineId) },
    advised: advised.map(row => ({ ...row, chart: chart(row.id) })),
    ...(prices === undefined ? {} : { prices }),
  });
  if (path === '-') cli.stdout.write(page);
  else replaceFile(cli.cwd, path, page);
}
