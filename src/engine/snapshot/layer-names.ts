import { PlimsollError } from '../../errors.ts';

/**
 * A name of an archive as a path below its root: no leading `./`, no empty parts. Throws `UNSAFE_ARCHIVE` for an
 * absolute name or one with `..`: no honest layer has them.
 */
export function cleanName(name: string): string {
  if (name.startsWith('/')) throw unsafe(`it has the absolute name "${show(name)}"`);
  if (name.includes('\0')) throw unsafe('it has a name with a zero byte');
  const parts = name.split('/').filter(part => part !== '' && part !== '.');
  if (parts.includes('..')) throw unsafe(`the name "${show(name)}" leads out of it`);
  if (name.length > 4095 || parts.some(part => part.length > 255))
    throw unsafe('it has a name that is too long');
  return parts.join('/');
}

/**
 * Where a path really is when the archive's own symbolic links are followed in its folders, as in a chroot: `..` at
 * the root stays there. So no file is ever written through a link.
 */
export function resolveParents(path: string, symlinks: ReadonlyMap<string, string>): string {
  const slash = path.lastIndexOf('/');
  if (slash < 0) return path;
  const folder = resolveFolder(path.slice(0, slash).split('/'), symlinks);
  return [...folder, path.slice(slash + 1)].join('/');
}

function resolveFolder(parts: string[], symlinks: ReadonlyMap<string, string>): string[] {
  const todo = [...parts].reverse();
  let done: string[] = [];
  let hops = 0;
  for (let part = todo.pop(); part !== undefined; part = todo.pop()) {
    if (part === '' || part === '.') continue;
    if (part === '..') {
      done.pop();
      continue;
    }
    done.push(part);
    const target = symlinks.get(done.join('/'));
    if (target === undefined) continue;
    if (++hops > 40) throw unsafe(`the name "${show(parts.join('/'))}" is a loop of links`); // the kernel's limit
    if (target.startsWith('/')) done = [];
    else done.pop();
    todo.push(...target.split('/').reverse());
  }
  return done;
}

/** The error for an archive that would write outside its folder or that plays tricks; `why` is a clause about "it". */
export function unsafe(why: string): PlimsollError {
  return new PlimsollError('invalid-argument', `the archive is refused: ${why}`, {
    code: 'UNSAFE_ARCHIVE',
    hint: 'nothing of it was kept: get the archive from a source that you trust',
  });
}

/** A name from an archive for a person: control characters are not passed on. */
export function show(name: string): string {
  const text = Buffer.from(name.slice(0, 200), 'latin1').toString('utf8');
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?');
}
