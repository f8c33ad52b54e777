const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/**
 * Milliseconds for a reader, in at most two units, rounded down from a minute on ("850ms", "3.2s", "42s", "1m 5s",
 * "2h", "3d 4h").
 */
export function formatDuration(ms: number): string {
  const value = Math.max(0, ms);
  if (value < 999.5) return `${Math.round(value)}ms`;
  if (value < 9.95 * second) return `${Number((value / second).toFixed(1))}s`;
  if (value < minute) return `${Math.floor(value / second)}s`;
  if (value < hour) return pair(value, minute, 'm', second, 's');
  if (value < day) return pair(value, hour, 'h', minute, 'm');
  return pair(value, day, 'd', hour, 'h');
}

function pair(value: number, large: number, largeUnit: string, small: number, smallUnit: string): string {
  const rest = Math.floor((value % large) / small);
  return `${Math.floor(value / large)}${largeUnit}${rest === 0 ? '' : ` ${rest}${smallUnit}`}`;
}
