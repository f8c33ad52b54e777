import { resolve } from 'node:path';
import type { BuildRequest } from '../../engine/index.ts';
import { badOption } from './bad-option.ts';

type Contexts = NonNullable<BuildRequest['contexts']>;

/** `--build-context` values: `NAME=FOLDER`, `NAME=docker-image://IMAGE`, or `NAME=` the address of a repository or archive. */
export function parseBuildContexts(values: readonly string[], cwd: string): Contexts {
  return Object.fromEntries(
    values.map(value => {
      const [name = '', given = ''] = value.split(/=(.*)/s);
      if (name === '' || given === '') throw badContext(value, 'it needs a name and a place');
      return [name, contextOf(value, given, cwd)];
    }),
  );
}

function contextOf(text: string, given: string, cwd: string): Contexts[string] {
  const [, scheme = '', rest = ''] = /^([a-z-]+):\/\/(.*)$/s.exec(given) ?? [];
  if (scheme === 'docker-image') return { image: rest };
  if (scheme === 'target' || scheme === 'oci-layout') {
    throw badContext(text, `"${scheme}://" is not among what it can be`);
  }
  if (isAddress(given)) return { address: given };
  return { folder: resolve(cwd, given) };
}

/** True for what is fetched: no path of this host has that form. */
export function isAddress(text: string): boolean {
  return /^(https?|git|ssh):\/\//i.test(text) || /^[\w.-]+@[\w.-]+:./.test(text);
}

function badContext(text: string, why: string) {
  return badOption(
    `cannot use the context "${text}": ${why}`,
    'write NAME=FOLDER, NAME=docker-image://IMAGE or NAME=https://HOST/REPOSITORY.git',
  );
}
