import type { Platform } from './image-config.ts';

/** Node's `process.arch` and uname(1)'s machine names, to GOARCH and variant as the OCI spec wants them. */
const architectures: Readonly<Record<string, Omit<Platform, 'os'>>> = {
  x64: { architecture: 'amd64' },
  x86_64: { architecture: 'amd64' },
  arm64: { architecture: 'arm64', variant: 'v8' },
  aarch64: { architecture: 'arm64', variant: 'v8' },
  arm: { architecture: 'arm', variant: 'v7' },
  armv7l: { architecture: 'arm', variant: 'v7' },
  armv6l: { architecture: 'arm', variant: 'v6' },
  ia32: { architecture: '386' },
  i686: { architecture: '386' },
  ppc64: { architecture: 'ppc64le' },
  ppc64le: { architecture: 'ppc64le' },
  s390x: { architecture: 's390x' },
  riscv64: { architecture: 'riscv64' },
  loong64: { architecture: 'loong64' },
};

/** The platform of images that run here, from the machine's name; an unknown name is taken as it is. */
export function hostPlatform(machine: string): Platform {
  return { os: 'linux', ...(architectures[machine] ?? { architecture: machine }) };
}
