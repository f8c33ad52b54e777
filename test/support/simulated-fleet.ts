import type { ContainerReport, FleetMachine } from '../../src/capacity/index.ts';

const GiB = 1024 ** 3;
/** Cores and GiB, as clouds sell them. */
const sizes = [
  [4, 16],
  [8, 32],
  [8, 16],
  [16, 64],
  [32, 128],
] as const;

/**
 * Machines with containers as they are found: most of them far larger than what runs on them, some busy, a few silent.
 * The same for the same seed.
 */
export function simulatedFleet(
  machines: number,
  containersEach: number,
  { now, seed = 1 }: { readonly now: number; readonly seed?: number },
): FleetMachine[] {
  const random = randomNumbers(seed);
  const around = (mean: number) => mean * Math.exp((random() + random() + random() - 1.5) * 1.2);
  return Array.from({ length: machines }, (_, i) => {
    const name = `vm-${String(i).padStart(4, '0')}`;
    const [cores, gib] = sizes[Math.floor(random() * sizes.length)] ?? sizes[0];
    const share = 0.03 + random() ** 2 * 0.6;
    const count = Math.max(1, Math.round(containersEach * (0.5 + random())));
    const containers = Array.from({ length: count }, (_, c): ContainerReport => {
      const [cpu, memory] = [around((cores * share) / count), around((gib * GiB * share) / count)];
      return {
        name: `${name}-c${c}`,
        cpu: { p95: cpu, peak: cpu * (1.2 + random() * 2) },
        memory: { p95: Math.round(memory), peak: Math.round(memory * (1.05 + random() * 0.4)) },
        ...(random() < 0.2 ? { apart: `app-${Math.floor(random() * machines)}` } : {}),
      };
    });
    const [usedCores, usedBytes] = [
      Math.min(cores, sum(containers, ({ cpu }) => cpu.p95) * 0.7),
      Math.min(gib * GiB, sum(containers, ({ memory }) => memory.p95) * 0.9),
    ];
    const rest = { restP95: cores * 0.02, restPeak: cores * 0.1 };
    const report = {
      ...{ time: now, hostname: name, machine: 'KVM', running: count, containers },
      cpu: {
        ...{ capacity: cores, used: usedCores + rest.restP95, usedByContainers: usedCores },
        ...{ reserved: cores * random(), p95: Math.min(cores, usedCores * 1.3), ...rest },
      },
      memory: {
        ...{ capacity: gib * GiB, used: usedBytes + GiB / 2, usedByContainers: usedBytes },
        ...{ reserved: gib * GiB * random(), p95: Math.min(gib * GiB, usedBytes * 1.1) },
        ...{ restP95: GiB / 2, restPeak: GiB },
      },
    };
    if (i % 97 === 13) return { name, report, seen: now - 400_000, problem: 'Connection timed out' };
    return { name, report, seen: now - Math.floor(random() * 5000) };
  });
}

function sum<T>(all: readonly T[], of: (one: T) => number): number {
  return all.reduce((total, one) => total + of(one), 0);
}

function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return ((state >>> 8) & 0xffff) / 0x10000;
  };
}
