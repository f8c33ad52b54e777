import type { ProcessRequest } from '../types.ts';
import type { HostFeatures } from './host-features.ts';
import type { NamespaceMode } from './namespace-mode.ts';
import type { OciSpec } from './oci-spec.ts';

/** The namespaces of a spec. One of cgroups is the default only with cgroup v2, as in Docker. */
export function namespacesOf(
  { network, namespaces = {} }: Pick<ProcessRequest, 'network' | 'namespaces'>,
  host: Pick<HostFeatures, 'cgroup'>,
): OciSpec['linux']['namespaces'] {
  const own: { type: string; path?: string }[] = [];
  for (const type of ['pid', 'ipc', 'uts'] as const) add(own, type, namespaces[type] ?? 'private');
  own.push({ type: 'mount' });
  add(own, 'cgroup', namespaces.cgroup ?? (host.cgroup === 'v2' ? 'private' : 'host'));
  if (network === 'new') own.push({ type: 'network' });
  else if (network !== 'host') own.push({ type: 'network', path: network });
  return own;
}

function add(list: { type: string; path?: string }[], type: string, mode: NamespaceMode): void {
  if (mode === 'host') return;
  list.push(mode === 'private' ? { type } : { type, path: mode.path });
}
