import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ContainerSpec } from '../../engine/index.ts';
import { badOption } from './bad-option.ts';

type Security = Pick<ContainerSpec, 'noNewPrivileges' | 'seccomp' | 'apparmor' | 'unmasked'>;

/**
 * `--security-opt` values: `no-new-privileges[=true|false]`, `seccomp=unconfined|builtin|FILE`, `apparmor=PROFILE`,
 * `systempaths=unconfined`; `label=…` is for SELinux, without which there is nothing to do.
 */
export function parseSecurity(values: readonly string[], cwd: string): Security {
  let security: Security = {};
  for (const value of values) security = { ...security, ...parseOne(value, cwd) };
  return security;
}

function parseOne(value: string, cwd: string): Security {
  const [, key = '', , argument] = /^([\w-]+)([=:](.*))?$/.exec(value) ?? [];
  if (key === 'no-new-privileges' && [undefined, 'true', 'false'].includes(argument)) {
    return { noNewPrivileges: argument !== 'false' };
  }
  if (argument !== undefined && argument !== '') {
    if (key === 'seccomp') return { seccomp: seccompOf(argument, cwd) };
    if (key === 'apparmor') return { apparmor: argument };
    if (key === 'systempaths' && argument === 'unconfined') return { unmasked: true };
    if (key === 'label') return {};
  }
  throw badOption(
    `the security option "${value}" is not supported`,
    'there are no-new-privileges, seccomp=unconfined|FILE, apparmor=PROFILE and systempaths=unconfined',
  );
}

function seccompOf(argument: string, cwd: string): string {
  if (argument === 'unconfined' || argument === 'builtin') return argument;
  const path = resolve(cwd, argument);
  try {
    JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    throw badOption(`cannot read the seccomp profile "${argument}"`, 'it must be a readable JSON file');
  }
  return path;
}
