/**
 * Which paths a pattern means: Go's path matching and Docker's ignore rules. Pure.
 *
 *     const filter = parseIgnoreFile('node_modules\n!node_modules/keep', '.dockerignore');
 *     filter.excludes('node_modules/x');
 * @module
 */
export { compileGlob, hasWildcard } from './glob.ts';
export { filterFromPatterns, noFilter, type PathFilter, parseIgnoreFile } from './ignore-patterns.ts';
