import { PlimsollError } from '../errors.ts';
import type { Platform } from './image-config.ts';
import type { Descriptor, ImageIndex } from './manifest.ts';

/** Node's `process.arch`, uname(1)'s machine names and Docker's aliases, to GOARCH and variant as the OCI spec wants them. */
const architectures: Readonly<Record<string, Omit<Platform, 'os'>>> = {
  x64: { architecture: 'amd64' },
  x86_64: { architecture: 'amd64' },
  arm64: { architecture: 'arm64', variant: 'v8' },
  aarch64: { architecture: 'arm64', variant: 'v8' },
  arm: { architecture: 'arm', variant: 'v7' },
  armhf: { architecture: 'arm', variant: 'v7' },
  armel: { architecture: 'arm', variant: 'v6' },
  armv7l: { architecture: 'arm', variant: 'v7' },
  armv6l: { architecture: 'arm', variant: 'v6' },
  ia32: { architecture: '386' },
  i386: { architecture: '386' },
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

/** Reads `[os/]architecture[/variant]`: `linux/amd64`, `arm64`, `linux/arm/v7`. Throws `invalid-argument` (`BAD_PLATFORM`). */
export function parsePlatform(text: string): Platform {
  const parts = text.toLowerCase().split('/');
  const wellFormed = parts.length <= 3 && parts.every(part => /^[a-z0-9_.-]+$/.test(part));
  if (!wellFormed) throw badPlatform(text);
  const [os = '', machine = '', variant] = parts.length === 1 ? ['linux', ...parts] : parts;
  const known = architectures[machine] ?? { architecture: machine };
  return { os, ...known, ...(variant === undefined ? {} : { variant }) };
}

/** `linux/arm64/v8`; `parsePlatform` reads it back. */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant === undefined ? [] : [variant])].join('/');
}

/** True if images of platform `offered` run where `wanted` is asked for. */
export function fitsPlatform(offered: Platform, wanted: Platform): boolean {
  return rank(offered, wanted) !== undefined;
}

/** The member of an index that fits a platform best; undefined if none does. */
export function choosePlatform(index: ImageIndex, wanted: Platform): Descriptor | undefined {
  const ranked = index.manifests.flatMap(descriptor => {
    const place = descriptor.platform && rank(descriptor.platform, wanted);
    return place === undefined ? [] : [{ descriptor, place }];
  });
  return ranked.sort((a, b) => a.place - b.place)[0]?.descriptor;
}

/** Platforms that an index has images for; entries of other kinds (attestations) have none. */
export function platformsOf(index: ImageIndex): string[] {
  const platforms = index.manifests.flatMap(({ platform }) => (platform === undefined ? [] : [platform]));
  return [...new Set(platforms.filter(({ os }) => os !== 'unknown').map(formatPlatform))];
}

/** 0 for the very platform, more for older variants that run on it too (containerd's `platforms.Only`). */
function rank(offered: Platform, wanted: Platform): number | undefined {
  if (offered.os !== wanted.os || offered.architecture !== wanted.architecture) return undefined;
  const [have, want] = [variantNumber(offered), variantNumber(wanted)];
  if (Number.isNaN(have) || Number.isNaN(want)) return offered.variant === wanted.variant ? 0 : undefined;
  return have <= want ? want - have : undefined;
}

function variantNumber({ architecture, variant }: Platform): number {
  const usual: Readonly<Record<string, number>> = { amd64: 1, arm64: 8, arm: 7 };
  if (variant === undefined) return usual[architecture] ?? 0;
  return /^v[0-9]$/.test(variant) ? Number(variant.slice(1)) : Number.NaN;
}

function badPlatform(text: string): PlimsollError {
  return new PlimsollError('invalid-argument', `"${text}" is not a platform`, {
    code: 'BAD_PLATFORM',
    hint: 'write it as OS/ARCHITECTURE[/VARIANT], such as linux/amd64 or linux/arm64',
    data: { platform: text },
  });
}
