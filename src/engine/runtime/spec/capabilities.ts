import { PlimsollError } from '../../../errors.ts';

/** Every Linux capability in the order of its number (capabilities(7), uapi/linux/capability.h). */
export const allCapabilities: readonly string[] = (
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE ' +
  'NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT ' +
  'SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL ' +
  'SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE'
)
  .split(' ')
  .map(name => `CAP_${name}`);

/** Docker's default set (docs.docker.com/engine/containers/run, "Runtime privilege and Linux capabilities"). */
export const defaultCapabilities: readonly string[] = (
  'CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL ' +
  'AUDIT_WRITE'
)
  .split(' ')
  .map(name => `CAP_${name}`);

export interface CapabilityRequest {
  readonly privileged: boolean;
  /** With or without `CAP_`, any case; `ALL` stands for every one. */
  readonly add: readonly string[];
  readonly drop: readonly string[];
  /** What the caller itself may give away: its own bounding set. */
  readonly bounding: readonly string[];
}

/**
 * The capabilities of a container, by Docker's rules: `--cap-drop ALL` clears the default set, `--cap-add ALL`
 * starts from all, the other list then takes away or adds. What the caller has not got is left out, with a warning
 * if it was asked for by name. Throws `invalid-argument` for a name that does not exist.
 */
export function resolveCapabilities(request: CapabilityRequest): {
  readonly capabilities: readonly string[];
  readonly warnings: readonly string[];
} {
  const add = request.add.map(normalise);
  const drop = request.drop.map(normalise);
  const wanted = allCapabilities.filter(cap => isWanted(cap, request.privileged, add, drop));
  const capabilities = wanted.filter(cap => request.bounding.includes(cap));
  const missing = wanted.filter(cap => !capabilities.includes(cap));
  const warnings =
    missing.length === 0
      ? []
      : [`left out ${missing.join(', ')}: this process does not have it to give (capability bounding set)`];
  return { capabilities, warnings };
}

/** Capability names from the hexadecimal mask that /proc/PID/status shows. */
export function parseCapabilityMask(hex: string): string[] {
  const mask = BigInt(`0x${hex.trim()}`);
  return allCapabilities.filter((_, bit) => (mask >> BigInt(bit)) & 1n);
}

function isWanted(
  cap: string,
  privileged: boolean,
  add: readonly string[],
  drop: readonly string[],
): boolean {
  if (privileged) return true;
  if (add.includes('ALL')) return !drop.includes(cap);
  if (add.includes(cap)) return true;
  return defaultCapabilities.includes(cap) && !drop.includes('ALL') && !drop.includes(cap);
}

function normalise(name: string): string {
  const upper = name.toUpperCase();
  if (upper === 'ALL') return upper;
  const cap = upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
  if (allCapabilities.includes(cap)) return cap;
  throw new PlimsollError('invalid-argument', `there is no capability "${name}"`, {
    code: 'CAPABILITY_UNKNOWN',
    hint: 'capabilities(7) lists them; ALL stands for every one',
    data: { capability: name },
  });
}
