import { spawnSync } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { relative, resolve } from 'node:path';
import { run } from 'node:test';
import { inspect } from 'node:util';
import { endHanging } from './support/end-hanging.ts';
import { openTestRun } from './support/sweep.ts';

/**
 * `npm test`: the checks, then every test file, each in a process of its own. Prints failures whole, names each
 * skipped test with its reason, and ends in one line to trust. Arguments filter files by a part of their path;
 * then the checks are left out.
 */
// Containers of an engine that happens to run here are no test's.
process.env.PLIMSOLL_ALSO = 'none';
const common = openTestRun();
process.env.PLIMSOLL_TEST_RUN = common.folder;
const home = resolve(import.meta.dirname, '..');
process.chdir(home);
const filters = process.argv.slice(2);
const files = globSync('test/**/*.test.{ts,tsx}')
  .filter(file => filters.length === 0 || filters.some(part => file.includes(part)))
  .sort();
if (files.length === 0) throw new Error(`no test file matches ${filters.join(', ')}`);

const count = { passed: 0, failed: 0 };
const skipped: string[] = [];

if (filters.length === 0) {
  const checks = spawnSync(process.execPath, ['test/check.ts'], { stdio: 'inherit' });
  if (checks.status === 0) count.passed++;
  else count.failed++;
}

const loader = './test/support/tsx-loader.ts';
const hanging = endHanging(900);
const stream = run({
  files,
  cwd: home,
  isolation: 'process',
  timeout: 300_000, // a test that hangs is a failure, not a run without an end
  concurrency: Math.max(2, availableParallelism()), // most files wait for the kernel, and fight over it if there are many
  execArgv: ['--disable-warning=ExperimentalWarning', ...(existsSync(loader) ? ['--import', loader] : [])],
});

const failures: string[] = [];
/** Files that have not told how they ended: one that dies half-way must not pass for a short one. */
const silent = new Set(files);
stream.on('test:pass', data => {
  const title = titleOf(data);
  if (data.details.type === 'suite' || isFile(data.name)) return;
  if (data.skip === undefined && data.todo === undefined) count.passed++;
  else skipped.push(`${title}: ${reasonOf(data.skip ?? data.todo)}`);
});
stream.on('test:fail', data => {
  const { error, type } = data.details;
  if (type === 'suite' || isEcho(error)) return;
  count.failed++;
  silent.delete(relative(home, data.name));
  const cause =
    error.cause instanceof Error ? (error.cause.stack ?? error.cause.message) : inspect(error.cause);
  failures.push(`FAILED ${titleOf(data)}\n${cause.replace(/^/gm, '  ')}`);
  console.log(failures.at(-1));
});
stream.on('test:stderr', data => process.stderr.write(data.message));
stream.on('test:summary', data => {
  if (data.file === undefined) return;
  silent.delete(relative(home, data.file));
  const { counts, duration_ms, success } = data;
  const time = `${Math.round(duration_ms)} ms`;
  console.log(
    `${success ? 'ok    ' : 'FAILED'} ${relative(home, data.file)} (${counts.tests} tests, ${time})`,
  );
});

stream.on('end', () => {
  hanging[Symbol.dispose]();
  common[Symbol.dispose]();
  for (const file of silent) {
    count.failed++;
    failures.push(`FAILED ${file}\n  its process ended before its tests did`);
    console.log(failures.at(-1));
  }
  if (failures.length > 1) console.log(`\nAll failures again:\n${failures.join('\n')}`);
  for (const line of skipped) console.log(`skipped ${line}`);
  console.log(`${count.passed} passed, ${count.failed} failed, ${skipped.length} skipped`);
  process.exitCode = count.failed === 0 ? 0 : 1;
});
stream.resume();

function titleOf(data: { name: string; file?: string }): string {
  const file = data.file === undefined ? '' : `${relative(home, data.file)}: `;
  return isFile(data.name) ? relative(home, data.name) : file + data.name;
}

/** A file of its own name is no test; it is reported only if it has none, or if it crashed. */
function isFile(name: string): boolean {
  return /\.test\.tsx?$/.test(name);
}

/** The failure of a parent that only repeats its child's. */
function isEcho(error: Error & { failureType?: string }): boolean {
  return error.failureType === 'subtestsFailed';
}

function reasonOf(value: string | boolean | undefined): string {
  return typeof value === 'string' ? value : 'no reason given';
}
