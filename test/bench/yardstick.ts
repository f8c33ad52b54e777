import { command, compare } from './measure.ts';

/** Medians in ms on the machine on which the promises were made. */
const reference = { 'node -e 0': 23, '/bin/true': 1.5 };

/**
 * How many times slower this machine is at this moment than the one on which the promises were made, at least 1: by
 * two things that no change of ours makes quicker or slower, which are printed. The smaller factor of the two counts.
 */
export async function measureYardstick(): Promise<number> {
  const timings = await compare(
    [command('node -e 0', [process.execPath, '-e', '0']), command('/bin/true', ['/bin/true'])],
    15,
  );
  console.log('\nthis machine, now');
  const factors = Object.entries(reference).map(([name, there]) => {
    const { medianMs = there } = timings.find(timing => timing.name === name) ?? {};
    const factor = medianMs / there;
    console.log(
      `  ${name.padEnd(10)} median ${medianMs.toFixed(1).padStart(7)} ms  (${there} where the promises were made: x${factor.toFixed(1)})`,
    );
    return factor;
  });
  return Math.max(1, Math.min(...factors));
}
