import { PlimsollError } from '../errors.ts';

/** What of the typed bytes goes on to the container, and whether the keys to leave it were among them. */
export interface Typed {
  readonly data: Buffer;
  readonly detached: boolean;
}

/** Docker's: ctrl-p ctrl-q. */
export const usualDetachKeys: readonly number[] = [0x10, 0x11];

/**
 * Reads `--detach-keys` as docker does: keys between commas, each a character or `ctrl-` with a letter or one of
 * `@ [ \ ] ^ _`. An empty text turns them off.
 */
export function parseDetachKeys(text: string): readonly number[] {
  if (text === '') return [];
  return text.split(',').map(key => {
    if (/^[\x20-\x7e]$/.test(key)) return key.charCodeAt(0);
    const [, control] = /^ctrl-([a-z@[\\\]^_])$/i.exec(key) ?? [];
    if (control !== undefined) return control.toUpperCase().charCodeAt(0) & 0x1f;
    throw new PlimsollError('invalid-argument', `"${key}" is no key to leave a container with`, {
      code: 'BAD_OPTION',
      hint: 'write keys as in ctrl-p,ctrl-q or ctrl-x,d',
    });
  });
}

/**
 * Watches typed bytes for the keys that leave a container running. What may be the beginning of them is held until
 * the next byte tells; what follows them is dropped.
 */
export function watchDetachKeys(keys: readonly number[] = usualDetachKeys): (chunk: Uint8Array) => Typed {
  const held: number[] = [];
  return chunk => {
    const passed: number[] = [];
    for (const byte of chunk) {
      held.push(byte);
      while (held.length > 0 && !beginsWith(keys, held)) passed.push(held.shift() ?? 0);
      if (keys.length > 0 && held.length === keys.length)
        return { data: Buffer.from(passed), detached: true };
    }
    return { data: Buffer.from(passed), detached: false };
  };
}

function beginsWith(keys: readonly number[], bytes: readonly number[]): boolean {
  return bytes.length <= keys.length && bytes.every((byte, i) => byte === keys[i]);
}
