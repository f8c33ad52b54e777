const slowestMs = 10_000;

/**
 * How long to wait until the next frame, in milliseconds, asked once a frame: `intervalMs`, or longer, up to ten
 * seconds, where all that this process did for a frame would else take more than `coreShare` of a core.
 */
export function createPace(
  intervalMs: number,
  coreShare: number | undefined,
  cpuMs: () => number = ownCpuMs,
): () => number {
  if (coreShare === undefined) return () => intervalMs;
  let before: number | undefined;
  let cost: number | undefined;
  return () => {
    const now = cpuMs();
    const spent = before === undefined ? undefined : now - before; // not what starting up has cost
    before = now;
    if (spent !== undefined) cost = cost === undefined ? spent : cost + (spent - cost) / 8;
    return Math.max(intervalMs, Math.min(slowestMs, (cost ?? 0) / coreShare));
  };
}

function ownCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
