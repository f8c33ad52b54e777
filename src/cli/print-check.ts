import type { BuildOutline, CheckReport } from '../engine/index.ts';
import { cleanText } from '../lib/clean-text.ts';
import type { Cli } from './cli.ts';
import { alignColumns } from './format/align-columns.ts';
import { paint } from './format/paint.ts';

const MOST_LINES = 6;

/** Prints what a check found, for a person: rule, line, what is wrong, what to do; then the lines themselves. */
export function printCheck(cli: Cli, { file, text, warnings }: CheckReport): void {
  const { yellow, dim } = paint(cli.stdout, cli.env);
  const lines = text.split(/\r?\n/);
  for (const { rule, message, fix = '', url = '', line = 1, endLine = line } of warnings) {
    cli.stdout.write(`${yellow(rule)} ${file}:${line}: ${cleanText(message)}\n`);
    cli.stdout.write(`  ${cleanText(fix)}\n  ${dim(url)}\n`);
    for (let at = line; at <= Math.min(endLine, line + MOST_LINES - 1, lines.length); at++)
      cli.stdout.write(`${String(at).padStart(5)} | ${cleanText(lines[at - 1] ?? '')}\n`);
    cli.stdout.write('\n');
  }
  const count = warnings.length;
  const said = count === 0 ? 'nothing' : `${count} ${count === 1 ? 'thing' : 'things'}`;
  cli.stdout.write(`the check found ${said}\n`);
}

/** The same for programs, in the shape of `docker build --call=check,format=json`, with the fix beside. */
export function checkJson({ file, text, warnings }: CheckReport): object {
  return {
    warnings: warnings.map(({ rule, description, url, message, fix, line = 1, endLine = line }) => ({
      ...{ ruleName: rule, description, url, detail: message, fix },
      location: {
        sourceIndex: 0,
        ranges: [{ start: { line, character: 0 }, end: { line: endLine, character: 0 } }],
      },
    })),
    sources: [{ filename: file, language: 'Dockerfile', data: Buffer.from(text).toString('base64') }],
  };
}

/** Prints the stages that can be a target; the one that is built by default is marked. */
export async function printTargets(cli: Cli, { stages }: BuildOutline): Promise<void> {
  const rows = stages.map(({ name, base, description = '' }, index) => {
    const isDefault = index === stages.length - 1 ? ' (default)' : '';
    return [`${name}${isDefault}`, base, description].map(cell => cleanText(cell));
  });
  cli.stdout.write(await alignColumns([['TARGET', 'FROM', 'DESCRIPTION'], ...rows]));
}

/** Prints what the target of a build can be given: arguments, secrets, agents. */
export async function printOutline(cli: Cli, outline: BuildOutline): Promise<void> {
  const { args, secrets, ssh, caches, target } = outline;
  cli.stdout.write(`TARGET: ${cleanText(target)}\n`);
  const table = async (titles: readonly string[], rows: readonly (readonly string[])[]) => {
    if (rows.length === 0) return;
    cli.stdout.write(
      `\n${await alignColumns([titles, ...rows.map(row => row.map(cell => cleanText(cell)))])}`,
    );
  };
  await table(
    ['BUILD ARG', 'VALUE', 'DESCRIPTION'],
    args.map(({ name, value = '', description = '' }) => [name, value, description]),
  );
  const needs = (all: BuildOutline['secrets']) =>
    all.map(({ id, required }) => [id, required ? 'yes' : 'no']);
  await table(['SECRET', 'REQUIRED'], needs(secrets));
  await table(['SSH', 'REQUIRED'], needs(ssh));
  await table(
    ['CACHE MOUNT'],
    caches.map(({ id }) => [id]),
  );
}
