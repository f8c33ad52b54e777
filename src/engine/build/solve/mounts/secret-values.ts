import { readFileSync, statSync } from 'node:fs';
import { errnoOf, PlimsollError } from '../../../../errors.ts';

/** Where the value of a secret is. */
export type SecretSource = { readonly file: string } | { readonly value: string };

/** Secrets of a build by id. */
export interface SecretValues {
  /** The value, read when it is asked for; undefined if nobody gave that secret. */
  get(id: string): Buffer | undefined;
}

/** As in docker. */
const MOST_BYTES = 500 * 1024;

/** Secrets as a caller gave them. */
export function secretValues(sources: Readonly<Record<string, SecretSource>>): SecretValues {
  return {
    get: id => {
      const source = Object.hasOwn(sources, id) ? sources[id] : undefined;
      if (source === undefined) return undefined;
      return 'file' in source ? readSecret(id, source.file) : Buffer.from(source.value);
    },
  };
}

function readSecret(id: string, file: string): Buffer {
  try {
    if (statSync(file).size > MOST_BYTES) throw tooLarge(id, file);
    return readFileSync(file);
  } catch (error) {
    if (errnoOf(error) === undefined || error instanceof PlimsollError) throw error;
    throw new PlimsollError('not-found', `the file "${file}" of the secret "${id}" cannot be read`, {
      code: 'SECRET_UNREADABLE',
      hint: 'check its path and its permissions',
      cause: error,
    });
  }
}

function tooLarge(id: string, file: string): PlimsollError {
  return new PlimsollError('invalid-argument', `the file "${file}" of the secret "${id}" is too large`, {
    code: 'SECRET_TOO_LARGE',
    hint: 'a secret has at most 500 KiB',
  });
}
