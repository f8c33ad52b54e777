import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { resolveInRoot } from '../../kernel/index.ts';
import { type Package, readApkInstalled, readDpkgStatus } from './read-packages.ts';

export const sbomType = 'https://spdx.dev/Document';

export interface SbomRequest {
  /** A mounted root filesystem. */
  readonly rootfs: string;
  readonly image: string;
  /** Milliseconds since the epoch. */
  readonly created: number;
}

/** What is installed in an image, by the databases of dpkg and apk: an SPDX 2.3 document. */
export function sbom({ rootfs, image, created }: SbomRequest): unknown {
  const distribution = distributionOf(rootfs);
  const packages = installedPackages(rootfs);
  const root = 'SPDXRef-DocumentRoot-Image';
  const entries = packages.map(one => spdxPackage(one, distribution));
  return {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: image,
    documentNamespace: `urn:plimsoll:sbom:${image.replace(/^sha256:/, '')}`,
    creationInfo: {
      created: new Date(created).toISOString().replace(/\.\d+Z$/, 'Z'),
      creators: ['Tool: plimsoll'],
    },
    packages: [
      {
        SPDXID: root,
        name: image,
        downloadLocation: 'NOASSERTION',
        filesAnalyzed: false,
        primaryPackagePurpose: 'CONTAINER',
      },
      ...entries,
    ],
    relationships: [
      { spdxElementId: 'SPDXRef-DOCUMENT', relationshipType: 'DESCRIBES', relatedSpdxElement: root },
      ...entries.map(({ SPDXID }) => ({
        spdxElementId: root,
        relationshipType: 'CONTAINS',
        relatedSpdxElement: SPDXID,
      })),
    ],
  };
}

interface Distribution {
  readonly id: string;
  readonly version: string;
}

/** As os-release(5) names it. */
function distributionOf(rootfs: string): Distribution {
  const text = readIn(rootfs, '/etc/os-release') ?? readIn(rootfs, '/usr/lib/os-release') ?? '';
  const field = (name: string) => new RegExp(`^${name}="?([^"\n]*)"?$`, 'm').exec(text)?.[1] ?? '';
  return { id: field('ID'), version: field('VERSION_ID') };
}

function installedPackages(rootfs: string): Package[] {
  const folder = resolveInRoot(rootfs, '/var/lib/dpkg/status.d'); // of distroless images
  const parts = existsSync(folder) ? readdirSync(folder).filter(name => !name.endsWith('.md5sums')) : [];
  const dpkg = [
    readIn(rootfs, '/var/lib/dpkg/status'),
    ...parts.map(name => readIn(rootfs, join('/var/lib/dpkg/status.d', name))),
  ];
  const apk = [readIn(rootfs, '/lib/apk/db/installed'), readIn(rootfs, '/usr/lib/apk/db/installed')];
  const found = [
    ...dpkg.flatMap(text => readDpkgStatus(text ?? '')),
    ...apk.flatMap(text => readApkInstalled(text ?? '')),
  ];
  const unique = new Map(
    found.map(one => [`${one.type} ${one.name} ${one.version} ${one.architecture ?? ''}`, one]),
  );
  return [...unique.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function spdxPackage(one: Package, { id, version }: Distribution) {
  const { name, type, architecture, supplier, licence } = one;
  const qualifiers = [
    ...(architecture === undefined ? [] : [`arch=${architecture}`]),
    ...(id === '' ? [] : [`distro=${id}${version === '' ? '' : `-${version}`}`]),
  ];
  const space = id === '' ? (type === 'deb' ? 'debian' : 'alpine') : id;
  const purl = `pkg:${type}/${space}/${encodeURIComponent(name)}@${encodeURIComponent(one.version)}${
    qualifiers.length === 0 ? '' : `?${qualifiers.join('&')}`
  }`;
  const key = createHash('sha256').update(purl).digest('hex').slice(0, 16);
  return {
    SPDXID: `SPDXRef-Package-${type}-${name.replace(/[^A-Za-z0-9.-]/g, '-')}-${key}`,
    name,
    versionInfo: one.version,
    ...(supplier === undefined ? {} : { supplier: `Person: ${supplier}` }),
    downloadLocation: 'NOASSERTION',
    filesAnalyzed: false,
    ...(one.source === undefined ? {} : { sourceInfo: `built from the source package ${one.source}` }),
    licenseConcluded: 'NOASSERTION',
    licenseDeclared: licence !== undefined && /^[A-Za-z0-9.+-]+$/.test(licence) ? licence : 'NOASSERTION',
    copyrightText: 'NOASSERTION',
    externalRefs: [{ referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: purl }],
  };
}

function readIn(rootfs: string, path: string): string | undefined {
  const place = resolveInRoot(rootfs, path);
  return existsSync(place) ? readFileSync(place, 'utf8') : undefined;
}
