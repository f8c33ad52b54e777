import { readFileSync } from 'node:fs';
import type { Distro, DistroFamily, HostTool } from './types.ts';

/** The distribution of this machine, from /etc/os-release. */
export function readDistro(): Distro {
  try {
    return parseOsRelease(readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return { name: 'an unknown Linux' };
  }
}

/** Reads the text of an os-release file (os-release(5)); `ID` counts before `ID_LIKE`. */
export function parseOsRelease(text: string): Distro {
  const fields = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, key, value] = /^([A-Z_]+)=["']?(.*?)["']?\s*$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined) fields.set(key, value);
  }
  const words = [fields.get('ID') ?? '', ...(fields.get('ID_LIKE') ?? '').split(' ')];
  const family = words.map(word => families[word]).find(found => found !== undefined);
  const name = fields.get('PRETTY_NAME') ?? fields.get('ID') ?? 'an unknown Linux';
  return family === undefined ? { name } : { name, family };
}

/** The packages that bring these tools to this distribution, without doubles. */
export function packagesFor(distro: Distro, tools: readonly HostTool[]): string[] {
  const { family } = distro;
  if (family === undefined) return [];
  return [...new Set(tools.flatMap(tool => tool.packages[family]?.split(' ') ?? []))];
}

/** The command, as a person would type it, that installs these tools; undefined where there is none we know. */
export function installCommand(
  distro: Distro,
  tools: readonly HostTool[],
  { root }: { root: boolean },
): string | undefined {
  const packages = packagesFor(distro, tools);
  if (distro.family === undefined || packages.length === 0) return undefined;
  return `${root ? '' : 'sudo '}${installers[distro.family]} ${packages.join(' ')}`;
}

const families: Readonly<Record<string, DistroFamily>> = {
  debian: 'debian',
  ubuntu: 'debian',
  fedora: 'fedora',
  rhel: 'fedora',
  centos: 'fedora',
  alpine: 'alpine',
  arch: 'arch',
  suse: 'suse',
  opensuse: 'suse',
  sles: 'suse',
};

const installers: Readonly<Record<DistroFamily, string>> = {
  debian: 'apt-get install -y --no-install-recommends',
  fedora: 'dnf install -y',
  alpine: 'apk add',
  arch: 'pacman -S --needed',
  suse: 'zypper install -y',
};
