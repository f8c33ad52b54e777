/** What of the typed bytes goes on to the container, and whether the keys to leave it were among them. */
export interface Typed {
  readonly data: Buffer;
  readonly detached: boolean;
}

const ctrlP = 0x10;
const ctrlQ = 0x11;

/**
 * Watches typed bytes for ctrl-p ctrl-q, docker's keys to leave a container running. A lone ctrl-p is held until the
 * next byte tells what it was; what follows the keys is dropped.
 */
export function watchDetachKeys(): (chunk: Uint8Array) => Typed {
  let held = false;
  return chunk => {
    const passed: number[] = [];
    for (const byte of chunk) {
      if (held && byte === ctrlQ) return { data: Buffer.from(passed), detached: true };
      if (held) passed.push(ctrlP);
      held = byte === ctrlP;
      if (!held) passed.push(byte);
    }
    return { data: Buffer.from(passed), detached: false };
  };
}
