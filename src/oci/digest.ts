import { PlimsollError } from '../errors.ts';

/** A content digest as the OCI image spec writes it: `algorithm:hex`. */
export interface Digest {
  readonly algorithm: 'sha256' | 'sha512';
  /** Lower-case hex digits of the whole hash. */
  readonly hex: string;
}

const hexDigits = { sha256: 64, sha512: 128 } as const;

/** Reads a digest; throws `invalid-argument` unless its algorithm is registered and its length right. */
export function parseDigest(text: string): Digest {
  const digest = readDigest(text);
  if (digest === undefined) {
    throw new PlimsollError('invalid-argument', `"${text}" is not a digest`, {
      code: 'BAD_DIGEST',
      hint: 'a digest is "sha256:" and 64 lower-case hex digits',
      data: { digest: text },
    });
  }
  return digest;
}

/** `algorithm:hex`, the inverse of `parseDigest`. */
export function formatDigest({ algorithm, hex }: Digest): string {
  return `${algorithm}:${hex}`;
}

/** True if `parseDigest` would accept the text. */
export function isDigest(text: string): boolean {
  return readDigest(text) !== undefined;
}

/** The hex digits of a digest that is known to be sound, such as one from the database. */
export function digestHex(digest: string): string {
  return digest.slice(digest.indexOf(':') + 1);
}

function readDigest(text: string): Digest | undefined {
  const [algorithm, hex, more] = text.split(':');
  if (more !== undefined || hex === undefined || !/^[0-9a-f]+$/.test(hex)) return undefined;
  if (algorithm !== 'sha256' && algorithm !== 'sha512') return undefined;
  return hex.length === hexDigits[algorithm] ? { algorithm, hex } : undefined;
}
