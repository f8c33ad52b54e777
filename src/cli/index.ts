/**
 * The command line: one file per verb in `commands/` (parse, one call of the engine, print), pure parsers in `parse/`,
 * tables in `format/`. What is slow to load (the engine, the tables of Unicode) is imported where it is needed: a few
 * modules start quicker than many.
 *
 *     process.exitCode = await runCli({ argv: process.argv.slice(2), process: lightProcess(process), ... });
 * @module
 */
export type { NeighbourChoice } from './cli.ts';
export { readCacheSettings } from './config/read-cache-settings.ts';
export { lightProcess } from './light-process.ts';
export { type CliHost, type DashboardOpening, runCli } from './run-cli.ts';
