import type { Platform } from '../../../oci/index.ts';

/** Other names of architectures, as containerd knows them. */
const architectures: ReadonlyMap<string, Omit<Platform, 'os'>> = new Map([
  ['x86_64', { architecture: 'amd64' }],
  ['x86-64', { architecture: 'amd64' }],
  ['i386', { architecture: '386' }],
  ['aarch64', { architecture: 'arm64' }],
  ['armhf', { architecture: 'arm', variant: 'v7' }],
  ['armel', { architecture: 'arm', variant: 'v6' }],
]);

/** Reads a platform as docker takes it: `linux/arm64`, `linux/arm/v7`, `arm64`. Undefined if it is none. */
export function parsePlatform(text: string): Platform | undefined {
  const parts = text.toLowerCase().split('/');
  if (parts.some(part => !/^[a-z0-9_.-]+$/.test(part)) || parts.length > 3) return undefined;
  const [os = '', written, said] = parts.length === 1 ? ['linux', parts[0]] : parts;
  if (written === undefined || written === 'linux' || written === 'windows') return undefined;
  const { architecture, variant = said } = architectures.get(written) ?? { architecture: written };
  const plain = architecture === 'arm64' && variant === 'v8' ? undefined : variant;
  return { os, architecture, ...(plain === undefined ? {} : { variant: plain }) };
}
