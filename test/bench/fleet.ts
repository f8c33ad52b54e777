import { performance } from 'node:perf_hooks';
import { consolidate, defaultConsolidation, fleetTable } from '../../src/capacity/index.ts';
import { simulatedFleet } from '../support/simulated-fleet.ts';

/** `npm run bench:fleet`: how long the table of a fleet and its consolidation take, and how near to the bound that is. */
const sizes = [
  [10, 10],
  [100, 20],
  [1000, 20],
] as const;
const now = Date.now();
const options = { now, silentAfterMs: 15_000 };

console.log('machines  containers  table ms  plan ms  emptied  moves  freed  at most');
for (const [machines, each] of sizes) {
  const fleet = simulatedFleet(machines, each, { now });
  const started = performance.now();
  fleetTable(fleet, options);
  const drawn = performance.now();
  const plan = consolidate(fleet, { ...options, ...defaultConsolidation });
  const planned = performance.now();
  const containers = fleet.reduce((sum, { report }) => sum + (report?.running ?? 0), 0);
  const cells: readonly (readonly [unknown, number])[] = [
    [machines, 8],
    [containers, 12],
    [(drawn - started).toFixed(1), 10],
    [(planned - drawn).toFixed(0), 9],
    [plan.emptied.length, 9],
    [plan.moves.length, 7],
    [`${(plan.freedShare * 100).toFixed(1)}%`, 7],
    [`${(plan.mostFreedShare * 100).toFixed(1)}%`, 9],
  ];
  console.log(cells.map(([value, width]) => String(value).padStart(width)).join(''));
}
