import type { RestartPolicy } from '../../engine/index.ts';
import { badOption } from './bad-option.ts';

/** A restart policy: `no`, `always`, `unless-stopped`, `on-failure[:times]`. */
export function parseRestart(text: string): RestartPolicy {
  const [, name, times] = /^(no|always|unless-stopped|on-failure)(?::(\d+))?$/.exec(text) ?? [];
  if (name === 'on-failure') return { name, maximumRetries: Number(times ?? 0) };
  if ((name === 'no' || name === 'always' || name === 'unless-stopped') && times === undefined)
    return { name };
  throw badOption(
    `"${text}" is not a restart policy`,
    'use no, always, unless-stopped, on-failure or on-failure:TIMES',
  );
}

/** The same as `--restart` takes it; `parseRestart` reads it back. */
export function formatRestart(policy: RestartPolicy): string {
  if (policy.name !== 'on-failure' || policy.maximumRetries === 0) return policy.name;
  return `${policy.name}:${policy.maximumRetries}`;
}
