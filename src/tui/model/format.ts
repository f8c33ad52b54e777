/** Numbers as people read them; each says its unit or leaves it to the head of the column. */

const KIB = 1024;

/** Bytes in MiB, for a column whose head says MiB: `0.4`, `12`, `1,204`. */
export function formatMebibytes(bytes: number): string {
  const value = bytes / KIB ** 2;
  if (value > 0 && value < 9.95) return value.toFixed(1);
  return grouped(Math.round(value));
}

/** Bytes in GiB without the unit: `0.42`, `15.6`, `128`. */
export function formatGibibytes(bytes: number): string {
  const value = bytes / KIB ** 3;
  if (value < 9.995) return value.toFixed(value < 0.9995 ? 2 : 1);
  return value < 99.95 ? value.toFixed(1) : grouped(Math.round(value));
}

/** Bytes a second in kB, for a column whose head says so: `0`, `0.3`, `1,024`. */
export function formatKilobytes(bytesPerSecond: number): string {
  const value = bytesPerSecond / 1000;
  if (value < 0.05) return '0';
  return value < 9.95 ? value.toFixed(1) : grouped(Math.round(value));
}

/** Cores: `0.03`, `5.90`, `19`. */
export function formatCoreColumn(cores: number): string {
  if (cores < 9.995) return cores.toFixed(2);
  return cores < 99.95 ? cores.toFixed(1) : String(Math.round(cores));
}

/** A span of time in its largest unit or two: `42s`, `5m`, `3h12m`, `6d`. */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}h${String(minutes % 60).padStart(2, '0')}m`;
  const days = Math.floor(hours / 24);
  return days < 10 && hours % 24 > 0 ? `${days}d${hours % 24}h` : `${days}d`;
}

/** How long a step took: `0.4s`, `12.3s`, `2m05s`. */
export function formatSeconds(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 59.95) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}m${String(whole % 60).padStart(2, '0')}s`;
}

/** The time of day in the machine's zone: `14:03:22`. */
export function formatClock(time: number): string {
  const date = new Date(time);
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map(n => String(n).padStart(2, '0'))
    .join(':');
}

/** The first 12 digits of an id, without the algorithm. */
export function shortId(id: string): string {
  return id.replace(/^sha256:/, '').slice(0, 12);
}

/** A reference as a person would type it: the default registry and the default tag left out. */
export function shortReference(reference: string): string {
  return reference.replace(/^(?:localhost|docker\.io\/library|docker\.io)\//, '').replace(/:latest$/, '');
}

function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}
