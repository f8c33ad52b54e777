import { badOption } from '../parse/bad-option.ts';

/** One end of `cp`: standard input or output, a path of this machine, or one of a container. */
export type CopyEnd =
  | { readonly kind: 'stream' }
  | { readonly kind: 'local'; readonly path: string }
  | { readonly kind: 'container'; readonly container: string; readonly path: string };

/** Reads `-`, `CONTAINER:PATH` or `PATH`; as docker, a path that begins with `/` or `.` is this machine's. */
export function parseCopyEnd(text: string): CopyEnd {
  if (text === '-') return { kind: 'stream' };
  const colon = text.indexOf(':');
  if (colon < 0 || /^[/.]/.test(text)) return { kind: 'local', path: text };
  const container = text.slice(0, colon);
  const path = text.slice(colon + 1);
  if (container === '') throw badOption(`"${text}" names no container`, 'write CONTAINER:PATH');
  if (path === '') throw badOption(`"${text}" names no path`, `write ${container}:/PATH`);
  return { kind: 'container', container, path };
}
