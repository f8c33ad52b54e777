import type { Command } from 'commander';
import {
  type AdvisedContainer,
  advisedLimits,
  exportLimits,
  type LimitForm,
  limitForms,
} from '../../capacity/index.ts';
import { adviceColumns } from '../advice/advice-columns.ts';
import { type AdviceOptions, adviceOptions, parseAdviceOptions } from '../advice/advice-options.ts';
import { type ApplyOptions, applyAdvice, undoAdvice } from '../advice/apply-advice.ts';
import { collectAdvice } from '../advice/collect-advice.ts';
import { chartColumns, explainAdvice } from '../advice/explain-advice.ts';
import type { Cli } from '../cli.ts';
import { readPrices } from '../config/read-prices.ts';
import { examples } from '../examples.ts';
import { moneyColumn } from '../format/format-money.ts';
import { badOption } from '../parse/bad-option.ts';
import { alsoOption, type FormOptions, formOptions, writeReport } from '../report-options.ts';

interface Options extends AdviceOptions, FormOptions, ApplyOptions {
  readonly also?: readonly string[];
  readonly why?: true;
  readonly apply?: true;
  readonly undo?: true;
  readonly export?: string;
}

/** `advise [CONTAINER...]`: what containers need, and limits changed to that. */
export function configureAdvise(command: Command, cli: Cli): void {
  adviceOptions(
    formOptions(
      examples(
        command,
        'plimsoll advise',
        'plimsoll advise --why web',
        'plimsoll advise --apply && plimsoll advise --undo',
        'plimsoll advise --export compose web db',
      ).argument('[container...]'),
    ),
  )
    .option('--why', 'Tell how the advice came about, with a chart')
    .option('--apply', 'Change limits as advised, while the containers run; shows them and asks first')
    .option('--undo', 'Give limits back as they were before the last --apply')
    .option('-y, --yes', 'Do not ask')
    .option('--export <form>', `Print advised limits for ${limitForms.join(', ')}`)
    .option(...alsoOption)
    .action(async (names: string[], options: Options) => {
      cli.alsoMeasure(options.also ?? []);
      if ([options.why, options.apply, options.undo, options.export].filter(Boolean).length > 1)
        throw badOption('--why, --apply, --undo and --export exclude one another', 'choose one of them');
      const form = parseForm(options.export);
      if (options.undo) return await undoAdvice(cli, names, options);
      const { rule, since } = parseAdviceOptions(options, Date.now());
      const rows = await collectAdvice(cli, { names, since, rule });
      if (options.apply) await applyAdvice(cli, rows, { ...options, named: names.length > 0 });
      else if (options.why) await explain(cli, rows, since);
      else if (form !== undefined) exportAll(cli, rows, form);
      else await report(cli, rows, options);
    });
}

async function report(cli: Cli, rows: readonly AdvisedContainer[], options: Options): Promise<void> {
  const csv = options.csv ?? false;
  const freed = ({ advice }: AdvisedContainer) => ({
    cores: advice.cpu?.frees ?? 0,
    bytes: advice.memory?.frees ?? 0,
  });
  const money = moneyColumn(await readPrices(cli), 'SAVES A MONTH', freed, csv);
  await writeReport(cli, rows, [...adviceColumns({ csv }), ...money], options);
}

async function explain(cli: Cli, rows: readonly AdvisedContainer[], since: number): Promise<void> {
  const { history } = await cli.engine();
  for (const row of rows) {
    const usage = history.usage({ since }, row.id).get(row.id);
    const [first, last] = [usage?.first ?? since, usage?.last ?? since];
    const chart = history.chart(row.id, { since: first, until: last }, chartColumns);
    cli.stdout.write(`${explainAdvice(row, chart, { first, last })}\n`);
  }
}

function exportAll(cli: Cli, rows: readonly AdvisedContainer[], form: LimitForm): void {
  const limits = advisedLimits(rows);
  for (const { name, advice } of rows)
    if (advice.cpu === undefined) cli.stderr.write(`${name} is left out: there is not enough data\n`);
  if (rows.length > 0 && limits.length === 0) cli.setExitCode(1);
  cli.stdout.write(exportLimits(limits, form));
}

function parseForm(text: string | undefined): LimitForm | undefined {
  const form = limitForms.find(name => name === text);
  if (text === undefined || form !== undefined) return form;
  throw badOption(`"${text}" is no form of limits`, `the forms are ${limitForms.join(', ')}`);
}
