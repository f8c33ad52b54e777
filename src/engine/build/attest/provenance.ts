import { formatPlatform, type Platform } from '../../../oci/index.ts';
import type { BuildRequest } from '../types.ts';

/** An image that a build took files from. */
export interface BuildMaterial {
  /** As the Dockerfile names it. */
  readonly name: string;
  readonly platform: Platform;
  /** Of its manifest or index, else of its config. */
  readonly digest: string;
}

export interface ProvenanceFacts {
  readonly build: string;
  readonly request: BuildRequest;
  readonly mode: 'min' | 'max';
  /** The context's place, and the Dockerfile with its text. */
  readonly context: string;
  readonly dockerfile: { readonly name: string; readonly text: string };
  readonly materials: readonly BuildMaterial[];
  readonly host: Platform;
  /** Milliseconds since the epoch. */
  readonly started: number;
  readonly finished: number;
}

export const provenanceType = 'https://slsa.dev/provenance/v1';

/**
 * How an image was built: SLSA provenance 1.0 in BuildKit's shape
 * (docs.docker.com/build/metadata/attestations/slsa-definitions). `min` tells neither values of build arguments, nor names
 * of secrets, nor the Dockerfile's text.
 */
export function provenance(facts: ProvenanceFacts): unknown {
  const { build, request, mode, context, dockerfile, materials, host, started, finished } = facts;
  const isWhole = mode === 'max';
  const isRemote = /^(https?|git|ssh):\/\/|^git@/.test(context);
  return {
    buildDefinition: {
      buildType: 'https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md',
      externalParameters: {
        configSource: { ...(isRemote ? { uri: context } : {}), path: dockerfile.name },
        request: {
          frontend: 'dockerfile.v0',
          args: argsOf(request, isWhole),
          ...(isWhole ? lent(request) : {}),
          ...(isRemote ? {} : { locals: [{ name: 'context' }, { name: 'dockerfile' }] }),
        },
      },
      internalParameters: { builderPlatform: formatPlatform(host) },
      resolvedDependencies: materials.map(({ name, platform, digest }) => ({
        uri: `pkg:docker/${purlName(name)}?platform=${encodeURIComponent(formatPlatform(platform))}`,
        digest: { sha256: digest.replace(/^sha256:/, '') },
      })),
    },
    runDetails: {
      builder: { id: 'urn:plimsoll' },
      metadata: {
        invocationId: build,
        startedOn: new Date(started).toISOString(),
        finishedOn: new Date(finished).toISOString(),
        buildkit_hermetic: request.network === 'none',
        buildkit_completeness: { request: isWhole, resolvedDependencies: false },
        buildkit_reproducible: false,
        ...(isWhole
          ? {
              buildkit_metadata: {
                source: {
                  infos: [
                    {
                      filename: dockerfile.name,
                      language: 'Dockerfile',
                      data: Buffer.from(dockerfile.text).toString('base64'),
                    },
                  ],
                },
              },
            }
          : {}),
      },
    },
  };
}

/** What the builder was told, by the names that BuildKit's frontend has for it. */
function argsOf(request: BuildRequest, isWhole: boolean): Record<string, string> {
  const { target, buildArgs = {}, labels = {}, platform, network } = request;
  const given = (prefix: string, pairs: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(pairs).map(([name, value]) => [`${prefix}:${name}`, value]));
  return {
    ...(target === undefined ? {} : { target }),
    ...(platform === undefined ? {} : { platform }),
    ...(network === undefined ? {} : { 'force-network-mode': network }),
    ...(isWhole ? { ...given('build-arg', buildArgs), ...given('label', labels) } : {}),
  };
}

/** What was lent by name; never what it holds. */
function lent({ secrets = {}, ssh = {} }: BuildRequest): object {
  const [ids, agents] = [Object.keys(secrets), Object.keys(ssh)];
  return {
    ...(ids.length === 0 ? {} : { secrets: ids.map(id => ({ id, optional: true })) }),
    ...(agents.length === 0 ? {} : { ssh: agents.map(id => ({ id, optional: true })) }),
  };
}

/** `registry/name:tag` as a package URL has it: `registry/name@tag`. */
function purlName(name: string): string {
  return name.includes('@') ? name.replace(/:[^:/@]*@/, '@') : name.replace(/:([^:/]*)$/, '@$1');
}
