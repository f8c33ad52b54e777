import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ContainerSpec } from '../../engine/index.ts';
import { badOption } from './bad-option.ts';

type Security = Pick<ContainerSpec, 'noNewPrivileges' | 'seccomp'>;

/** `--security-opt` values: `no-new-privileges[=true|false]`, `seccomp=unconfined|FILE`. */
export function parseSecurity(values: readonly string[], cwd: string): Security {
  let security: Security = {};
  for (const value of values) {
    const [, key, , argument] = /^([\w-]+)([=:](.*))?$/.exec(value) ?? [];
    if (key === 'no-new-privileges' && [undefined, 'true', 'false'].includes(argument)) {
      security = { ...security, noNewPrivileges: argument !== 'false' };
    } else if (key === 'seccomp' && argument !== undefined && argument !== '') {
      security = { ...security, seccomp: seccompOf(argument, cwd) };
    } else {
      throw badOption(
        `the security option "${value}" is not supported`,
        'there are no-new-privileges and seccomp=unconfined|FILE',
      );
    }
  }
  return security;
}

function seccompOf(argument: string, cwd: string): string {
  if (argument === 'unconfined') return argument;
  const path = resolve(cwd, argument);
  try {
    JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    throw badOption(`cannot read the seccomp profile "${argument}"`, 'it must be a readable JSON file');
  }
  return path;
}
