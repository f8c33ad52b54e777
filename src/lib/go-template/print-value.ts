/** A value as Go's fmt prints it with %v: `[a b]`, `map[a:1 b:2]`, `<nil>` inside of others. */
export function printValue(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(printValue).join(' ')}]`;
  if (typeof value === 'object') {
    const entries = sortedEntries(value).map(([name, each]) => `${name}:${printValue(each)}`);
    return `map[${entries.join(' ')}]`;
  }
  return String(value);
}

/** Go goes through maps in the order of their keys. */
export function sortedEntries(value: object): [string, unknown][] {
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

/** Go's fmt.Sprintf, as far as formats of docker use it: `%s %v %d %q %t %x %X %f %g %c %%` with flags, width, precision. */
export function sprintf(format: string, values: readonly unknown[]): string {
  let next = 0;
  const text = format.replace(
    /%([-+# 0]*)(\d+)?(?:\.(\d+))?([a-zA-Z%])/g,
    (whole, flags, width, precision, verb) => {
      if (verb === '%') return '%';
      if (next >= values.length) return `%!${verb}(MISSING)`;
      const word =
        formatOne(verb, values[next++], precision === undefined ? undefined : Number(precision), flags) ??
        `${whole}`;
      const size = Number(width ?? 0);
      if (flags.includes('-')) return word.padEnd(size);
      return flags.includes('0') && /^[dxXfg]$/.test(verb) ? word.padStart(size, '0') : word.padStart(size);
    },
  );
  const extra = values.slice(next).map(printValue);
  return extra.length === 0 ? text : `${text}%!(EXTRA ${extra.join(', ')})`;
}

function formatOne(
  verb: string,
  value: unknown,
  precision: number | undefined,
  flags: string,
): string | undefined {
  const cut = (text: string) => (precision === undefined ? text : text.slice(0, precision));
  switch (verb) {
    case 's':
    case 'v':
    case 't':
      return verb === 's' ? cut(printValue(value)) : printValue(value);
    case 'q':
      return JSON.stringify(cut(printValue(value)));
    case 'd':
      return typeof value === 'number'
        ? `${flags.includes('+') && value >= 0 ? '+' : ''}${Math.trunc(value)}`
        : undefined;
    case 'x':
    case 'X': {
      const hex =
        typeof value === 'number' ? value.toString(16) : Buffer.from(printValue(value)).toString('hex');
      return verb === 'X' ? hex.toUpperCase() : hex;
    }
    case 'f':
      return typeof value === 'number' ? value.toFixed(precision ?? 6) : undefined;
    case 'g':
      return typeof value === 'number' ? String(value) : undefined;
    case 'c':
      return typeof value === 'number' ? String.fromCodePoint(value) : undefined;
    default:
      return undefined;
  }
}
