import { cgroupTree } from './cgroup-tree.ts';
import { run } from './spawn.ts';

/**
 * True while systemd takes the machine down (systemctl(1), is-system-running: `stopping`); it kills containers then,
 * which is no end of theirs. Costs a process, so ask only where it matters. False where systemd does not run the machine.
 */
export async function isGoingDown(
  { systemd }: { readonly systemd: boolean } = cgroupTree(),
): Promise<boolean> {
  if (!systemd) return false;
  const asked = await run('systemctl', ['is-system-running'], { timeoutMs: 5000 }).catch(() => undefined);
  return asked?.stdout.trim() === 'stopping';
}
