const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/**
 * Bytes for a reader, in binary units: one decimal below 100 where it is not 0, none above ("512 B", "1.5 GiB",
 * "25 GiB", "124 MiB"). At most eight columns up to 1023 PiB.
 */
export function formatBytes(bytes: number): string {
  const sign = bytes < 0 ? '-' : '';
  let value = Math.abs(bytes);
  let unit = 0;
  while (unit < units.length - 1 && shortened(value) >= 1024) {
    value /= 1024;
    unit++;
  }
  return `${sign}${unit === 0 ? Math.round(value) : shortened(value)} ${units[unit]}`;
}

function shortened(value: number): number {
  return value < 99.95 ? Math.round(value * 10) / 10 : Math.round(value);
}
