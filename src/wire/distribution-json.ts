import type { RemoteManifest } from '../engine/index.ts';

/** What a registry has under a name, as docker's answer has it. */
export function distributionJson({ descriptor, platforms }: RemoteManifest): object {
  const { mediaType, digest, size } = descriptor;
  return { Descriptor: { mediaType, digest, size }, Platforms: platforms };
}
