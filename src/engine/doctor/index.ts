/**
 * Whether this machine can do what plimsoll asks of it, what does not work as it is, and what mends it.
 *
 *     for (const { name, status, fix } of await examineHost({ dataDir: '/var/lib/plimsoll' })) console.log(name, status, fix);
 * @module
 */
export { examineHost } from './examine-host.ts';
export { type Installation, installTools } from './install-tools.ts';
export { lackedTools } from './lacked-tools.ts';
export type { Finding, HostTool } from './types.ts';
