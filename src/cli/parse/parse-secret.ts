import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { BuildRequest } from '../../engine/index.ts';
import { badOption } from './bad-option.ts';

type Secrets = NonNullable<BuildRequest['secrets']>;

interface Place {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * `--secret` values, as docker has them: `id=NAME[,src=FILE|,env=VARIABLE][,type=file|env]`. With the id alone, a
 * variable of that name, else a file.
 */
export function parseSecrets(values: readonly string[], place: Place): Secrets {
  return Object.fromEntries(values.map(value => parseSecret(value, place)));
}

const known = ['id', 'src', 'source', 'env', 'type'];

function parseSecret(text: string, { cwd, env }: Place): [string, Secrets[string]] {
  const fields = new Map(text.split(',').map(part => part.split(/=(.*)/s) as [string, string]));
  const unknown = [...fields.keys()].find(key => !known.includes(key));
  if (unknown !== undefined) throw badSecret(text, `it cannot have "${unknown}"`);
  const [id, file, variable] = [
    fields.get('id'),
    fields.get('src') ?? fields.get('source'),
    fields.get('env'),
  ];
  if (!id) throw badSecret(text, 'it has no id');
  const type =
    fields.get('type') ??
    (variable !== undefined || (file === undefined && env[id] !== undefined) ? 'env' : 'file');
  if (type === 'env') {
    const name = variable ?? file ?? id;
    const value = env[name];
    if (value === undefined) throw badSecret(text, `the variable "${name}" is not set`);
    return [id, { value }];
  }
  if (type !== 'file') throw badSecret(text, `its type is neither file nor env`);
  const path = resolve(cwd, file ?? id);
  if (!existsSync(path)) throw badSecret(text, `there is no file "${path}"`);
  return [id, { file: path }];
}

function badSecret(text: string, why: string) {
  return badOption(
    `cannot take the secret "${text}": ${why}`,
    'write id=NAME,src=FILE or id=NAME,env=VARIABLE',
  );
}
