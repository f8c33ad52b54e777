/**
 * The fields of one comma-separated record (RFC 4180): a field in double quotes may hold commas, and a double quote as
 * two. Undefined if a quote is not closed or stands inside a bare field.
 */
export function parseCsv(text: string): string[] | undefined {
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    const rest = text.slice(at);
    const match = rest.startsWith('"')
      ? /^"((?:[^"]|"")*)"(?=,|$)/.exec(rest)
      : /^([^,"]*)(?=,|$)/.exec(rest);
    if (match === null) return undefined;
    fields.push((match[1] ?? '').replaceAll('""', '"'));
    at += match[0].length;
    if (at >= text.length) return fields;
    at++; // the comma
  }
}
