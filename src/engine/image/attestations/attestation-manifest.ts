import {
  canonicalJson,
  type Descriptor,
  type Manifest,
  mediaTypes,
  type Platform,
} from '../../../oci/index.ts';
import { sha256 } from '../../store/index.ts';
import type { ImageContext } from '../context.ts';
import { attestationsOf } from './attestation-records.ts';

/** A manifest of what is attested of an image, as an index has it beside the image's own. */
export interface AttestationManifest {
  readonly bytes: Buffer;
  readonly mediaType: string;
  readonly descriptor: Descriptor;
  /** Its config, and the statements. */
  readonly blobs: readonly Buffer[];
}

export interface AttestationSubject {
  /** Digest of the image's manifest. */
  readonly subject: string;
  readonly name: string;
  readonly platform: Platform;
}

const statementType = 'application/vnd.in-toto+json';

/**
 * What is attested of an image as BuildKit attaches it (docs.docker.com/build/metadata/attestations/attestation-storage):
 * a manifest whose layers are in-toto statements, for no platform, which names the image's manifest. Undefined if nothing is.
 */
export function attestationManifest(
  context: Pick<ImageContext, 'db' | 'blobs'>,
  image: string,
  { subject, name, platform }: AttestationSubject,
): AttestationManifest | undefined {
  const attestations = attestationsOf(context, image);
  if (attestations.length === 0) return undefined;
  const purl = `pkg:docker/${name.replace(/:([^:/]*)$/, '@$1')}?platform=${encodeURIComponent(
    [platform.os, platform.architecture, ...(platform.variant === undefined ? [] : [platform.variant])].join(
      '/',
    ),
  )}`;
  const [kind, hex] = subject.split(':');
  const statements = attestations.map(({ predicateType, predicate }) =>
    canonicalJson({
      _type: 'https://in-toto.io/Statement/v0.1',
      predicateType,
      subject: [{ name: purl, digest: { [kind ?? '']: hex } }],
      predicate,
    }),
  );
  const layers = statements.map((bytes, index) => ({
    mediaType: statementType,
    digest: sha256(bytes),
    size: bytes.length,
    annotations: { 'in-toto.io/predicate-type': attestations[index]?.predicateType ?? '' },
  }));
  const config = canonicalJson({
    architecture: 'unknown',
    os: 'unknown',
    config: {},
    rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
  });
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: { mediaType: mediaTypes.config, digest: sha256(config), size: config.length },
    layers,
  };
  const bytes = canonicalJson(manifest);
  return {
    bytes,
    mediaType: mediaTypes.manifest,
    blobs: [config, ...statements],
    descriptor: {
      mediaType: mediaTypes.manifest,
      digest: sha256(bytes),
      size: bytes.length,
      annotations: {
        'vnd.docker.reference.digest': subject,
        'vnd.docker.reference.type': 'attestation-manifest',
      },
      platform: { architecture: 'unknown', os: 'unknown' },
    },
  };
}
