import { chmodSync, chownSync, writeFileSync } from 'node:fs';
import type { MountOperation } from '../../plan/index.ts';
import type { SecretValues } from './secret-values.ts';
import type { OpenMount } from './types.ts';

type SecretOperation = Extract<MountOperation, { type: 'secret' }>;

/** A secret as a file, a variable, or both; nothing at all if nobody gave it (the plan has refused a required one). */
export function writeSecret(operation: SecretOperation, file: string, secrets: SecretValues): OpenMount {
  const { id, target, env, uid, gid, mode } = operation;
  const value = secrets.get(id);
  if (value === undefined) return {};
  const variable = env === undefined ? {} : { env: { [env]: value.toString('utf8') } };
  const hidden = [value];
  if (target === undefined) return { ...variable, hidden };
  writeFileSync(file, value, { mode: 0o600 });
  chownSync(file, uid, gid);
  chmodSync(file, mode);
  return {
    ...variable,
    hidden,
    mount: { type: 'bind', source: file, target, readOnly: true, isFolder: false },
  };
}
