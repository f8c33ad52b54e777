/**
 * The number beside `key` in a flat keyed file ("key value" lines: memory.stat, cpu.stat, memory.events, ...), or
 * undefined if the kernel does not have that key.
 */
export function flatKeyed(text: string, key: string): number | undefined {
  const at = text.startsWith(`${key} `) ? 0 : text.indexOf(`\n${key} `) + 1;
  if (at === 0 && !text.startsWith(`${key} `)) return undefined;
  const value = Number.parseInt(text.slice(at + key.length + 1), 10);
  return Number.isFinite(value) ? value : undefined;
}

/** The number in a file that holds one; undefined for `max`, nothing or no file. */
export function singleValue(text: string | undefined): number | undefined {
  const value = Number.parseInt(text ?? '', 10);
  return Number.isFinite(value) ? value : undefined;
}
