/**
 * A word of a command line in a unit of systemd, quoted where it has to be (systemd.service(5), "Command lines"):
 * neither a variable nor a specifier is replaced in it.
 */
export function unitWord(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('%', '%%').replaceAll('$', '$$$$');
  if (/^[\w@+=:,./%${}-]+$/.test(escaped)) return escaped;
  const words = escaped.replaceAll('"', '\\"').replaceAll('\n', '\\n').replaceAll('\t', '\\t');
  return `"${words}"`;
}
