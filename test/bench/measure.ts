import { spawnSync } from 'node:child_process';

/** One contestant of a comparison: how to do the same thing once. */
export interface Contestant {
  readonly name: string;
  readonly once: () => void | Promise<void>;
}

export interface Timing {
  readonly name: string;
  readonly medianMs: number;
  readonly p90Ms: number;
}

/**
 * Times contestants in turns (a, b, c, a, b, c, …), so that a noisy minute of the machine hits them alike. Milliseconds
 * of wall time; the first round warms up and is not counted.
 */
export async function compare(contestants: readonly Contestant[], rounds: number): Promise<Timing[]> {
  const times = new Map<string, number[]>(contestants.map(({ name }) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const { name, once } of contestants) {
      const start = performance.now();
      await once();
      if (round > 0) times.get(name)?.push(performance.now() - start);
    }
  }
  return [...times].map(([name, all]) => ({ name, medianMs: quantile(all, 0.5), p90Ms: quantile(all, 0.9) }));
}

/** The q-quantile by nearest rank. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

/** A contestant that runs a command and insists on exit code 0. */
export function command(name: string, argv: readonly string[]): Contestant {
  return {
    name,
    once: () => {
      insist(argv);
    },
  };
}

/** Runs a command to its end; throws with its words if it fails. */
export function insist(argv: readonly string[], input?: string | Buffer): string {
  const [file = '', ...args] = argv;
  const result = spawnSync(file, args, { input, encoding: 'utf8', maxBuffer: 1 << 26 });
  if (result.status !== 0) throw new Error(`${argv.join(' ')}: exit ${result.status}\n${result.stderr}`);
  return result.stdout;
}
