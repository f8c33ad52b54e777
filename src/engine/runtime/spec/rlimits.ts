import type { Ulimit } from '../types.ts';
import type { HostFeatures } from './host-features.ts';
import type { OciProcess } from './oci-spec.ts';

/**
 * Limits of a container's processes: as many open files as Docker gives, then what was asked for. More than the caller
 * may give (its own hard limits, without CAP_SYS_RESOURCE) is cut to that, with a warning: the kernel would refuse to start.
 */
export function resolveUlimits(
  ulimits: readonly Ulimit[],
  host: Pick<HostFeatures, 'hardLimits' | 'mostOpenFiles' | 'boundingCapabilities'>,
): { readonly rlimits: OciProcess['rlimits']; readonly warnings: readonly string[] } {
  const warnings: string[] = [];
  const files = Math.min(1_048_576, host.hardLimits.nofile ?? 1_048_576);
  const all = new Map([['nofile', { soft: files, hard: files }]]);
  const raises = host.boundingCapabilities.includes('CAP_SYS_RESOURCE');
  for (const { name, soft, hard } of ulimits) {
    const most = name === 'nofile' ? host.mostOpenFiles : none;
    const own = Math.min(most, raises ? none : (host.hardLimits[name] ?? none));
    const wanted = { soft: soft < 0 ? none : soft, hard: hard < 0 ? none : hard };
    const given = { soft: Math.min(wanted.soft, own), hard: Math.min(wanted.hard, own) };
    if (wanted.hard > own || wanted.soft > own) {
      warnings.push(
        `the limit ${name} is ${own} and not ${show(wanted.hard)}: this process may give no more`,
      );
    }
    all.set(name, given);
  }
  const rlimits = [...all].map(([name, { soft, hard }]) => ({
    type: `RLIMIT_${name.toUpperCase()}`,
    soft,
    hard,
  }));
  return { rlimits, warnings };
}

/** setrlimit(2)'s RLIM_INFINITY is 2^64-1, which JavaScript has not; runtimes take any larger number than there is. */
const none = Number.MAX_SAFE_INTEGER;

function show(limit: number): string {
  return limit === none ? 'unlimited' : String(limit);
}
