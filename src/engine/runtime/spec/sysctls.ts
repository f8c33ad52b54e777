import { PlimsollError } from '../../../errors.ts';
import type { ProcessRequest } from '../types.ts';
import type { HostFeatures } from './host-features.ts';

/** Kernel settings that belong to a namespace of IPC: kernel, admin-guide/sysctl/kernel.rst. */
const ofIpc = /^(kernel\.(msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced)|fs\.mqueue\..+)$/;

/**
 * The kernel settings of a container: as in Docker, low ports and ping need no capability in a network of its own; then
 * what was asked for. Throws `invalid-argument` (`SYSCTL_NOT_OWN`) for one that is not the container's alone.
 */
export function sysctlsOf(
  request: Pick<ProcessRequest, 'network' | 'namespaces' | 'sysctls' | 'domainname'>,
  host: Pick<HostFeatures, 'rootless'>,
): Record<string, string> {
  const { network, namespaces = {}, sysctls = {}, domainname } = request;
  validateSysctls(sysctls, { hostNetwork: network === 'host', hostIpc: namespaces.ipc === 'host' });
  const ports = { 'net.ipv4.ip_unprivileged_port_start': '0' };
  // A user namespace without these groups in it cannot name them.
  const own = host.rootless ? ports : { ...ports, 'net.ipv4.ping_group_range': '0 2147483647' };
  const usual = network === 'host' ? {} : own;
  const domain = domainname === undefined ? {} : { 'kernel.domainname': domainname };
  return { ...usual, ...domain, ...sysctls };
}

/** Throws for a setting that is not the container's alone: `invalid-argument` (`SYSCTL_NOT_OWN`). */
export function validateSysctls(
  sysctls: Readonly<Record<string, string>>,
  { hostNetwork, hostIpc }: { hostNetwork: boolean; hostIpc: boolean },
): void {
  for (const name of Object.keys(sysctls)) {
    if (name.startsWith('net.') && !hostNetwork) continue;
    if (ofIpc.test(name) && !hostIpc) continue;
    throw notOwn(name);
  }
}

function notOwn(name: string): PlimsollError {
  return new PlimsollError('invalid-argument', `the kernel setting "${name}" is not the container's own`, {
    code: 'SYSCTL_NOT_OWN',
    hint: 'settings net.* need a network other than host, kernel.shm*, kernel.msg*, kernel.sem and fs.mqueue.* an --ipc other than host',
    data: { name },
  });
}
