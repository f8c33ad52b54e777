import { PlimsollError } from '../../errors.ts';
import { findExecutable } from '../kernel/index.ts';

/** The OCI runtime to use: crun (a third of runc's time and memory), else runc. Throws `unavailable`. */
export function findRuntime(env: NodeJS.ProcessEnv = process.env): { name: 'crun' | 'runc'; path: string } {
  for (const name of ['crun', 'runc'] as const) {
    const path = findExecutable(name, env);
    if (path !== undefined) return { name, path };
  }
  throw new PlimsollError('unavailable', 'neither crun nor runc is installed: nothing can run a container', {
    code: 'HOST_TOOL_MISSING',
    hint: "run 'plimsoll doctor' to see how to install one",
    data: { command: 'crun' },
  });
}
