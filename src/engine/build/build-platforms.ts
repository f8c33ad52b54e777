import { readdirSync, readFileSync } from 'node:fs';
import { PlimsollError } from '../../errors.ts';
import type { Platform } from '../../oci/index.ts';
import { type BuildPlatforms, formatPlatform, parsePlatform } from './plan/index.ts';

/** Platforms of a build on a host; `wanted` as `--platform` says it. Throws `invalid-argument`. */
export function platformsFor(host: Platform, wanted: string | undefined): BuildPlatforms {
  const own = parsePlatform(formatPlatform(host)) ?? host; // without a variant that goes without saying
  const target = wanted === undefined || wanted === '' ? own : parsePlatform(wanted);
  if (target === undefined || target.os !== 'linux') {
    throw new PlimsollError('invalid-argument', `cannot build for the platform "${wanted}"`, {
      code: 'PLATFORM_INVALID',
      hint: 'write one of linux, such as linux/amd64 or linux/arm64; build for several with one build each',
    });
  }
  return {
    build: own,
    target,
    runnable: [`${own.os}/${own.architecture}`, ...relatedTo(own), ...emulated()],
  };
}

/** What the processor runs besides its own. */
function relatedTo({ os, architecture }: Platform): string[] {
  return architecture === 'amd64' ? [`${os}/386`] : [];
}

const emulators: ReadonlyMap<string, string> = new Map([
  ['aarch64', 'arm64'],
  ['x86_64', 'amd64'],
  ['i386', '386'],
  ['arm', 'arm'],
  ['ppc64le', 'ppc64le'],
  ['s390x', 's390x'],
  ['riscv64', 'riscv64'],
  ['loongarch64', 'loong64'],
  ['mips64el', 'mips64le'],
]);

/** Platforms whose programs the kernel hands to an emulator that it holds open itself (flag F, binfmt_misc). */
function emulated(folder = '/proc/sys/fs/binfmt_misc'): string[] {
  try {
    return readdirSync(folder).flatMap(name => {
      const architecture = emulators.get(name.replace(/^qemu-/, ''));
      if (!name.startsWith('qemu-') || architecture === undefined) return [];
      const text = readFileSync(`${folder}/${name}`, 'utf8');
      return /^enabled$/m.test(text) && /^flags: .*F/m.test(text) ? [`linux/${architecture}`] : [];
    });
  } catch {
    return []; // not mounted: no emulator
  }
}
