import type { Command } from 'commander';
import type { CheckProblem } from '../../engine/index.ts';
import { cleanText } from '../../lib/clean-text.ts';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';
import { paint } from '../format/paint.ts';
import { configureDialStdio } from './dial-stdio.ts';
import { configureEvents } from './events.ts';
import { configureInfo } from './info.ts';
import { configureDiskUsage } from './system-df.ts';
import { configureSystemPrune } from './system-prune.ts';
import { configureSystemUnits } from './system-units.ts';

interface CheckOptions {
  readonly repair?: true;
  readonly deep?: true;
  readonly json?: true;
}

/** `system check|df|info|events|prune|install|uninstall|boot` */
export function configureSystem(command: Command, cli: Cli): void {
  const check = command
    .command('check')
    .description('Prove the root: every reference, digest, mount and lease');
  examples(check, 'plimsoll system check --deep', 'plimsoll system check --repair')
    .option('--repair', 'Mend what can be mended')
    .option('--deep', 'Also hash every blob and layer')
    .option('--json', 'As a JSON array')
    .action((options: CheckOptions) => checkRoot(cli, options));
  configureDiskUsage(
    command.command('df').description('Say what takes space, and what of it can be had back'),
    cli,
  );
  configureDialStdio(
    command
      .command('dial-stdio')
      .description("Join input and output with the daemon's socket, for clients over ssh"),
    cli,
  );
  configureSystemPrune(command.command('prune').description('Remove all that nothing needs'), cli);
  configureSystemUnits(command, cli);
  configureInfo(command.command('info').description('Describe the engine and its root'), cli);
  configureEvents(command.command('events').description('Print what happens, as it happens'), cli);
}

/** Exit code 1 if anything is wrong that was not mended. */
async function checkRoot(cli: Cli, { repair, deep, json }: CheckOptions): Promise<void> {
  const engine = await cli.engine();
  const problems = await engine.system.check({
    repair: repair === true,
    deep: deep === true,
    signal: cli.signal,
  });
  if (json) cli.stdout.write(`${JSON.stringify(problems, undefined, 2)}\n`);
  else for (const problem of problems) cli.stdout.write(describe(cli, problem));
  if (problems.length > 0 && !repair) cli.setExitCode(1);
  if (json) return;
  const found = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  cli.stdout.write(
    problems.length === 0
      ? 'the root is consistent\n'
      : `${found}${repair ? ', mended where possible' : ''}\n`,
  );
}

function describe(cli: Cli, { area, subject, problem, fix }: CheckProblem): string {
  const { red, dim } = paint(cli.stdout, cli.env);
  const mend = fix === undefined ? '' : `\n  ${dim(`--repair would ${cleanText(fix)}`)}`;
  return `${red(area)} ${cleanText(`${subject}: ${problem}`)}${mend}\n`;
}
