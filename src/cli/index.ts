/**
 * The command line: one file per verb in `commands/` (parse, one call of the engine, print), pure parsers in `parse/`,
 * tables in `format/`. Loads nothing but the verb that is wanted, so that a cold call is quick.
 *
 *     process.exitCode = await runCli({ argv: process.argv.slice(2), process, openEngine });
 * @module
 */
export { type Globals, parseGlobals } from './globals.ts';
export { type CliHost, runCli } from './run-cli.ts';
