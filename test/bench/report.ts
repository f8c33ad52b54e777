import { quantile, type Timing } from './measure.ts';

/** What the first contestant (plimsoll) promises: its time over a peer's, or its own figure, at most. */
export interface Target {
  readonly ratioTo?: Readonly<Record<string, number>>;
  readonly atMost?: number;
  /** How much slower this machine is than the one of `atMost`; see yardstick.ts. Default 1. */
  readonly slower?: number;
}

/** Prints one comparison: every contestant's median, plimsoll's ratio to it, and whether the promise holds. */
export function printComparison(title: string, timings: readonly Timing[], target: Target): void {
  const ours = timings[0];
  if (ours === undefined) return;
  console.log(`\n${title}`);
  for (const { name, medianMs, p90Ms } of timings) {
    const ratio = name === ours.name ? '' : `  plimsoll/${name} ${(ours.medianMs / medianMs).toFixed(2)}`;
    const limit = target.ratioTo?.[name];
    const verdict =
      limit === undefined ? '' : ` (promised ${limit}) ${mark(ours.medianMs / medianMs <= limit)}`;
    console.log(`  ${name.padEnd(10)} median ${ms(medianMs)}  p90 ${ms(p90Ms)}${ratio}${verdict}`);
  }
  if (target.atMost !== undefined) printFigure('median, ms', ours.medianMs, target.atMost, target.slower);
}

/** Prints one figure of ours beside what was promised, and what that is on a machine so many times slower. */
export function printFigure(what: string, value: number, atMost: number, slower = 1): void {
  const scaled = slower > 1 ? `, here ${(atMost * slower).toFixed(0)}` : '';
  const verdict = value > atMost && value <= atMost * slower ? 'holds here' : mark(value <= atMost);
  console.log(
    `  ${what.padEnd(34)} ${value.toFixed(1).padStart(8)}  (promised ${atMost}${scaled}) ${verdict}`,
  );
}

/**
 * Prints rates that were measured in turns, each engine once per round, the first being ours. The ratio is the median
 * of those of the rounds: what the machine is busy with besides hits both of a round, but rounds differ by a fifth.
 * Between the quartiles that are printed with it lies what half of the rounds said: a promise that lies there too is
 * neither kept nor broken by it.
 */
export function printRates(
  title: string,
  unit: string,
  rates: readonly { readonly name: string; readonly rounds: readonly number[] }[],
  target: { readonly ratioTo: string; readonly within: number; readonly better: 'more' | 'less' },
): void {
  const ours = rates[0];
  if (ours === undefined) return;
  console.log(`\n${title}`);
  for (const { name, rounds } of rates) {
    const ratios = rounds.map((theirs, round) => (ours.rounds[round] ?? Number.NaN) / theirs);
    const [low = 0, ratio = 0, high = 0] = [0.25, 0.5, 0.75].map(q => quantile(ratios, q));
    const half = `[${low.toFixed(2)} to ${high.toFixed(2)}]`;
    const shown = name === ours.name ? '' : `  plimsoll/${name} ${ratio.toFixed(2)} ${half}`;
    const holds = (value: number) =>
      target.better === 'more' ? value >= 1 - target.within : value <= 1 + target.within;
    const isNoise = !holds(ratio) && holds(target.better === 'more' ? high : low);
    const said = isNoise ? 'cannot be told from the noise' : mark(holds(ratio));
    const verdict = name === target.ratioTo ? ` (promised within ${target.within * 100} %) ${said}` : '';
    const median = quantile(rounds, 0.5).toFixed(1).padStart(7);
    console.log(`  ${name.padEnd(10)} median ${median} ${unit}${shown}${verdict}`);
  }
}

function mark(holds: boolean): string {
  return holds ? 'holds' : 'MISSED';
}

function ms(value: number): string {
  return `${value.toFixed(1).padStart(7)} ms`;
}
