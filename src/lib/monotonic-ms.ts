/**
 * Milliseconds on a clock that nobody sets; only differences mean something. `performance.now()` is such a clock too,
 * but Node loads a dozen of its modules at the first use of that, a fiftieth of a short command.
 */
export function monotonicMs(): number {
  return process.uptime() * 1000;
}
