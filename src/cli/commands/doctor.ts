import { type Command, Option } from 'commander';
import type { Finding } from '../../engine/index.ts';
import { cleanText } from '../../lib/clean-text.ts';
import type { Cli } from '../cli.ts';
import { examples } from '../examples.ts';
import { alignColumns } from '../format/align-columns.ts';
import { paint } from '../format/paint.ts';

interface Options {
  readonly install?: true;
  readonly json?: true;
  readonly for: 'start' | 'test';
}

/** `doctor [--install] [--json]`: exit code 1 if building or running cannot work. */
export function configureDoctor(command: Command, cli: Cli): void {
  examples(command, 'plimsoll doctor', 'sudo plimsoll doctor --install')
    .option('--install', 'Install the host tools that are missing; print only what stays wrong')
    .option('--json', 'As a JSON array')
    .addOption(
      new Option('--for <purpose>', 'What it must be good for').choices(['start', 'test']).default('start'),
    )
    .action(async (options: Options) => {
      if (options.install) await install(cli, options.for);
      else await examine(cli, options);
    });
}

async function examine(cli: Cli, { json, for: purpose }: Options): Promise<void> {
  const { examineHost } = await import('../../engine/index.ts');
  const findings = await examineHost({ dataDir: (await cli.root()).dataDir, self: cli.self, purpose });
  if (json) cli.stdout.write(`${JSON.stringify(findings, undefined, 2)}\n`);
  else cli.stdout.write(await report(cli, findings));
  if (findings.some(({ status }) => status === 'missing')) cli.setExitCode(1);
}

/** Installs, then says in a line each what still does not work and what would mend it. */
async function install(cli: Cli, purpose: 'start' | 'test'): Promise<void> {
  const { installTools } = await import('../../engine/index.ts');
  const say = (line: string) => cli.stderr.write(`plimsoll: ${cleanText(line)}\n`);
  const attended = cli.stderr.isTTY === true;
  const { missing, fix } = await installTools({ purpose, say, attended, signal: cli.signal });
  const required = missing.some(tool => tool.needed === 'required');
  if (missing.length > 0) {
    const names = missing.map(tool => tool.name).join(', ');
    const what = required ? 'building and running containers cannot work' : 'not everything works';
    say(`${what} without ${names}; to install: ${fix ?? "see 'plimsoll doctor'"}`);
  }
  if (required) cli.setExitCode(1);
}

/** A row per finding; under each that is not ok, what does not work and its fix. */
async function report(cli: Cli, findings: readonly Finding[]): Promise<string> {
  const { green, yellow, red, dim } = paint(cli.stdout, cli.env);
  const mark = { ok: green('ok     '), warn: yellow('warn   '), missing: red('missing') };
  const table = await alignColumns(findings.map(({ name, found }) => [name, cleanText(found)]));
  const lines = table.trimEnd().split('\n');
  const rows = findings.map(({ status, without, fix }, i) => {
    const row = `${mark[status]}  ${lines[i] ?? ''}\n`;
    if (without === undefined) return row;
    return `${row}         ${cleanText(without)}\n         ${dim(`fix: ${cleanText(fix ?? '')}`)}\n`;
  });
  const missing = findings.filter(({ status }) => status === 'missing').length;
  const warned = findings.filter(({ status }) => status === 'warn').length;
  const verdict =
    missing > 0
      ? red(`building or running cannot work: ${missing} of ${findings.length} rows are missing`)
      : warned > 0
        ? yellow(`building and running work; ${warned} of ${findings.length} rows want attention`)
        : green('all is well');
  return `${rows.join('')}\n${verdict}\n`;
}
