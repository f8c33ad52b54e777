import { statfsSync } from 'node:fs';
import { availableParallelism, hostname, release, totalmem } from 'node:os';
import { readOnce } from './kept-files.ts';
import { type MachineClues, nameMachine } from './machine-name.ts';
import type { HostFacts } from './types.ts';

/**
 * What the machine is: the system and CPU by `systeminformation` (loaded here only: tens of ms), the hypervisor or
 * cloud by the firmware's tables, the disk that holds `dataDir`.
 */
export async function readFacts(dataDir: string): Promise<HostFacts> {
  const { default: si } = await import('systeminformation');
  const [os, cpu, system] = await Promise.all([si.osInfo(), si.cpu(), si.system()]);
  const disk = statfsSync(dataDir);
  const clues: MachineClues = {
    vendor: dmi('sys_vendor'),
    product: dmi('product_name'),
    assetTag: dmi('chassis_asset_tag'),
    virtual: system.virtual || /^flags\s*:.*\bhypervisor\b/m.test(readOnce('/proc/cpuinfo') ?? ''),
    virtualHost: system.virtualHost ?? '',
  };
  return {
    hostname: hostname(),
    os: [os.distro, os.release].filter(part => part !== '').join(' '),
    kernel: release(),
    cpuModel: [cpu.manufacturer, cpu.brand].filter(part => part !== '').join(' '),
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    machine: nameMachine(clues),
    diskTotalBytes: disk.blocks * disk.bsize,
    diskFreeBytes: disk.bavail * disk.bsize,
  };
}

function dmi(name: string): string {
  return readOnce(`/sys/class/dmi/id/${name}`)?.trim() ?? '';
}
