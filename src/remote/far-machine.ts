import { type HostSample, type HostUsage, hostUsage, parseHostSample } from '../engine/index.ts';
import type { ApiClient } from './client.ts';

const parts = ['/proc/stat', '/proc/meminfo', '/proc/loadavg'];
const command = parts.map(path => `cat ${path} && echo ==`).join(' && ');

/**
 * What the machine of an engine uses, by its kernel's own word, where it is reached through ssh. Undefined where it is not,
 * or where the kernel there counts another machine than the engine does (Docker's own virtual machine).
 */
export function createFarMachine(
  client: ApiClient,
  engine: () => { readonly cores: number; readonly totalBytes: number },
): (signal: AbortSignal) => Promise<HostUsage | undefined> {
  let before: HostSample | undefined;
  let isAnother = client.endpoint.kind !== 'ssh';
  return async signal => {
    if (isAnother) return undefined;
    // Why it cannot be read is told by who asks the engine.
    const text = await client.read(command, signal).catch(() => undefined);
    const [stat, meminfo, loadavg] = text?.split('==\n') ?? [];
    if (stat === undefined || meminfo === undefined || loadavg === undefined) return undefined;
    const sample = parseHostSample({ stat, meminfo, loadavg, pressure: () => undefined }, Date.now());
    const { cores, totalBytes } = engine();
    isAnother = sample.cores !== cores || Math.abs(sample.memory.totalBytes - totalBytes) > 1024 ** 2;
    if (isAnother) return undefined;
    const usage = hostUsage(before, sample);
    before = sample;
    return usage;
  };
}
