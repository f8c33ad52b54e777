import { join } from 'node:path';
import { PlimsollError } from '../../errors.ts';
import { findExecutable, isStaticElf } from '../kernel/index.ts';

/** Small inits that pass signals on and reap, by the names that distributions give them. */
const names = ['tini-static', 'catatonit', 'docker-init', 'tini'];
const folders = ['/usr/libexec/podman', '/usr/lib/podman', '/usr/libexec/docker'];

/**
 * Path of an init of the host for containers (`--init`): a static program, since it has to run over any image. Throws
 * `unavailable` (`HOST_TOOL_MISSING`).
 */
export function findInit(env: NodeJS.ProcessEnv = process.env): string {
  const found = names.flatMap(name => findExecutable(name, env) ?? []);
  const candidates = [...found, ...folders.map(folder => join(folder, 'catatonit'))];
  const init = candidates.find(isStaticElf);
  if (init !== undefined) return init;
  throw new PlimsollError('unavailable', 'there is no static tini or catatonit on this machine for --init', {
    code: 'HOST_TOOL_MISSING',
    hint: "run 'plimsoll doctor' to see how to install one",
    data: { command: 'tini-static' },
  });
}
