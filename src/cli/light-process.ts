import { fstatSync } from 'node:fs';
import { DirectOutput } from './direct-output.ts';
import type { CliProcess } from './run-cli.ts';

/**
 * This process as the command line sees it, with standard streams that are made when they are used: those of Node for
 * a terminal (it has a size, and input comes from it), and else the descriptor as it is.
 */
export function lightProcess(process: NodeJS.Process): CliProcess {
  let stdout: CliProcess['stdout'] | undefined;
  let stderr: CliProcess['stderr'] | undefined;
  return {
    get stdin() {
      return process.stdin;
    },
    get stdout() {
      stdout ??= mayBeTerminal(1) ? process.stdout : new DirectOutput(1);
      return stdout;
    },
    get stderr() {
      stderr ??= mayBeTerminal(2) ? process.stderr : new DirectOutput(2);
      return stderr;
    },
    env: process.env,
    cwd: () => process.cwd(),
    signals: process,
    exit: code => process.exit(code),
  };
}

/** Devices that are memory (/dev/null and its like, major 1) are not: asking Node would load all that a terminal takes. */
function mayBeTerminal(fd: number): boolean {
  const stat = fstatSync(fd);
  return stat.isCharacterDevice() && stat.rdev >> 8 !== 1;
}
