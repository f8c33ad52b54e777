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
