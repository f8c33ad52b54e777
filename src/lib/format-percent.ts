/** A percentage (0..100, may be more) for a reader: one decimal below 10, none above ("0%", "3.5%", "42%"). */
export function formatPercent(percent: number): string {
  return `${Number(percent.toFixed(Math.abs(percent) < 9.95 ? 1 : 0))}%`;
}
