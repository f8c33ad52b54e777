import { PlimsollError } from '../../../errors.ts';

/** What `--chmod` makes of a file's mode. */
export type ModeChange = (mode: number, isFolder: boolean) => number;

/** Reads a mode as chmod(1) does: octal digits, or clauses such as `u=rwX,go-w`. Throws `invalid-argument`. */
export function parseModeChange(text: string): ModeChange {
  if (/^0*[0-7]{1,4}$/.test(text)) {
    const wanted = Number.parseInt(text, 8);
    return () => wanted;
  }
  const clauses = text.split(',').map(clause => {
    const [, who = '', actions = ''] = /^([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)$/.exec(clause) ?? [];
    if (actions === '') {
      throw new PlimsollError('invalid-argument', `"${text}" is no mode`, {
        code: 'MODE_INVALID',
        hint: 'write octal digits such as 755, or u=rwX,go=rX',
      });
    }
    return { who: who === '' || who.includes('a') ? 'ugo' : who, actions };
  });
  return (mode, isFolder) =>
    clauses.reduce((now, { who, actions }) => applyClause(now, who, actions, isFolder), mode);
}

const shift: Readonly<Record<string, number>> = { u: 6, g: 3, o: 0 };

function applyClause(mode: number, who: string, actions: string, isFolder: boolean): number {
  let result = mode;
  for (const [, operator, letters = ''] of actions.matchAll(/([-+=])([rwxXst]*|[ugo])/g)) {
    const bits = [...who].reduce((all, one) => all | bitsFor(one, letters, result, isFolder), 0);
    if (operator === '+') result |= bits;
    else if (operator === '-') result &= ~bits;
    else result = (result & ~[...who].reduce((all, one) => all | ownBits(one, isFolder), 0)) | bits;
  }
  return result;
}

/** What `=` sets anew: a folder keeps its set-user and set-group bits, as with chmod(1). */
function ownBits(one: string, isFolder: boolean): number {
  const special = isFolder ? 0 : { u: 0o4000, g: 0o2000 }[one];
  return (0o7 << (shift[one] ?? 0)) | (special ?? 0);
}

function bitsFor(one: string, letters: string, mode: number, isFolder: boolean): number {
  const by = shift[one] ?? 0;
  const from = shift[letters]; // g=u: as the owner has it
  if (from !== undefined) return ((mode >>> from) & 0o7) << by;
  let bits = 0;
  for (const letter of letters) {
    if (letter === 'r') bits |= 4 << by;
    else if (letter === 'w') bits |= 2 << by;
    else if (letter === 'x') bits |= 1 << by;
    else if (letter === 'X' && (isFolder || (mode & 0o111) !== 0)) bits |= 1 << by;
    else if (letter === 's' && one === 'u') bits |= 0o4000;
    else if (letter === 's' && one === 'g') bits |= 0o2000;
    else if (letter === 't') bits |= 0o1000;
  }
  return bits;
}
