import { cleanText } from '../lib/clean-text.ts';
import type { Cli } from './cli.ts';
import { paint } from './format/paint.ts';

/** Writes what could not be done as asked, a line each. */
export function printWarnings(cli: Cli, warnings: readonly string[]): void {
  const { yellow } = paint(cli.stderr, cli.env);
  for (const warning of warnings) cli.stderr.write(`${yellow('warning:')} ${cleanText(warning)}\n`);
}
