import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** `npm run check`: types, lint, format, dead code, architecture. Stops at nothing, fails if any fails. */
const bin = (name: string) => join('node_modules', '.bin', name);
const checks: readonly (readonly [name: string, command: readonly string[]])[] = [
  ['types', [process.execPath, bin('tsc'), '--noEmit', '-p', '.']],
  ['lint and format', [process.execPath, bin('biome'), 'ci', '--colors=off', '--error-on-warnings', '.']],
  ['promises and exhaustiveness', [process.execPath, bin('oxlint'), '--type-aware', '.']],
  ['dead code', [process.execPath, bin('knip'), '--no-progress']],
  ['architecture', [process.execPath, '--test', '--test-reporter=dot', 'test/architecture.test.ts']],
];

const failed = checks.filter(([name, [command = '', ...args]]) => {
  const result = spawnSync(command, args, { encoding: 'utf8' });
  const ok = result.status === 0;
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${name}`);
  if (!ok) console.log(result.stdout + result.stderr);
  return !ok;
});
process.exitCode = failed.length === 0 ? 0 : 1;
