/**
 * CPU cores for a reader: two decimals below 10, one below 100, none above; without trailing zeros ("0.25", "6",
 * "19.3", "128"). What rounds to nothing but is not is "<0.01".
 */
export function formatCores(cores: number): string {
  if (cores > 0 && cores < 0.005) return '<0.01';
  const decimals = cores < 9.995 ? 2 : cores < 99.95 ? 1 : 0;
  return String(Number(cores.toFixed(decimals)));
}
