import { type AdvisedContainer, limitRequest, limitWords, nameThere } from '../../capacity/index.ts';
import type { ContainerLimits, LimitOutcome, LimitRequest } from '../../engine/index.ts';
import { PlimsollError } from '../../errors.ts';
import { cleanText } from '../../lib/clean-text.ts';
import { ask } from '../ask.ts';
import type { Cli } from '../cli.ts';
import { alignColumns } from '../format/align-columns.ts';
import { printWarnings } from '../print-warnings.ts';
import { reportError } from '../report-error.ts';
import { riskWords } from './advice-columns.ts';
import { leastHistory } from './least-history.ts';

export interface ApplyOptions {
  /** Do not ask. */
  readonly yes?: true;
}

/**
 * Shows what would change, asks, and changes limits as advised. Of all containers only those whose limits do not fit;
 * of named ones also limits where there are none.
 */
export async function applyAdvice(
  cli: Cli,
  rows: readonly AdvisedContainer[],
  { named, ...options }: ApplyOptions & { readonly named: boolean },
): Promise<void> {
  const requests = rows.flatMap(row => requestFor(row, named));
  const preview = requests.map(({ change, row }) => [
    ...wordsFor(row.name, row.limits, change),
    riskWords(row.advice.throttledShare ?? 0),
  ]);
  if (!(await agreed(cli, preview, 'change', options))) return;
  const { limits } = await cli.engine();
  const outcomes = await limits.change(
    requests.map(({ name, change, reason }) => ({ name, change, reason })),
  );
  report(cli, outcomes);
  if (outcomes.some(outcome => 'change' in outcome))
    cli.stderr.write('plimsoll advise --undo gives the limits back as they were\n');
}

/** Shows what would be given back, asks, and gives it back: to the named, or what was changed together last. */
export async function undoAdvice(cli: Cli, names: readonly string[], options: ApplyOptions): Promise<void> {
  const { limits } = await cli.engine();
  const changes = limits.undoable(names.length === 0 ? undefined : names);
  const preview = changes.map(({ container, before, change }) => [
    ...wordsFor(container.name, { ...before, ...change }, before),
    '-',
  ]);
  if (await agreed(cli, preview, 'give back', options)) report(cli, await limits.undo(changes));
}

function requestFor(row: AdvisedContainer, named: boolean): (LimitRequest & { row: AdvisedContainer })[] {
  const { name, advice, elsewhere } = row;
  if (elsewhere !== undefined && named) {
    throw new PlimsollError(
      'conflict',
      `"${name}" is a container of ${elsewhere.engine}, which alone changes it`,
      {
        code: 'OTHER_ENGINE',
        hint: `plimsoll advise ${name} --export docker | sh, or plimsoll -H ${elsewhere.address} update ${nameThere(row)}`,
      },
    );
  }
  const request = limitRequest(row);
  if (request === undefined && named) {
    throw new PlimsollError('conflict', `there is no advice for "${name}" yet`, {
      code: 'NO_ADVICE',
      hint: leastHistory(),
    });
  }
  const misfits = advice.verdict === 'too large' || advice.verdict === 'too small';
  return request === undefined || !(named || misfits) ? [] : [{ ...request, row }];
}

function wordsFor(name: string, before: ContainerLimits, after: ContainerLimits): string[] {
  const { cores, memory } = limitWords(before, after);
  return [cleanText(name), cores, memory];
}

/** Shows rows; true if there are any and nobody minds. */
async function agreed(
  cli: Cli,
  rows: readonly (readonly string[])[],
  verb: string,
  { yes }: ApplyOptions,
): Promise<boolean> {
  if (rows.length === 0) {
    cli.stderr.write(`there is nothing to ${verb}\n`);
    return false;
  }
  cli.stderr.write(await alignColumns([['NAME', 'CORES', 'MEMORY', 'RISK'], ...rows]));
  if (yes) return true;
  const whose = rows.length === 1 ? 'this container' : `these ${rows.length} containers`;
  const answer = await ask(cli, `${verb} the limits of ${whose}? [y/N] `, {
    hint: 'say --yes to do it without asking',
  });
  return /^y(es)?$/i.test(answer.trim());
}

function report(cli: Cli, outcomes: readonly LimitOutcome[]): void {
  for (const outcome of outcomes) {
    if ('error' in outcome) {
      reportError(outcome.error, cli);
      cli.setExitCode(1);
    } else {
      printWarnings(cli, outcome.warnings);
      cli.stdout.write(`${cleanText(outcome.name)}\n`);
    }
  }
}
