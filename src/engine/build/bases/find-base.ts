import { isPlimsollError, type PlimsollError } from '../../../errors.ts';
import { fitsPlatform, formatPlatform, mayBeInRegistry, type Platform } from '../../../oci/index.ts';
import { neitherHereNorThere } from '../../image/index.ts';
import type { BuildMaterial } from '../attest/index.ts';
import type { BuildImages } from '../build-images.ts';
import type { SideSteps } from '../journal/index.ts';
import type { BaseImage, NeededImage } from '../plan/index.ts';
import type { BuildRequest } from '../types.ts';
import { pullLines } from './pull-lines.ts';

export interface BaseFinderOptions {
  readonly images: Pick<BuildImages, 'resolve' | 'pull'>;
  readonly request: Pick<BuildRequest, 'pull' | 'registry'>;
  readonly steps: SideSteps;
  readonly clock: () => number;
  /** What this machine is. */
  readonly host: Platform;
}

/** Finds the images of one build. */
export interface BaseFinder {
  find(needed: NeededImage, signal: AbortSignal): Promise<BaseImage>;
  /** What was found. */
  readonly materials: readonly BuildMaterial[];
  /** The step that fetched an image. */
  fetchedBy(image: string): number | undefined;
}

/**
 * Looks images up here, then, as the request's `pull` says, in registries. An image for another platform than the
 * machine's is asked for by that platform and leaves the name to the one that has it.
 */
export function createBaseFinder(options: BaseFinderOptions): BaseFinder {
  const { images, request, steps, clock, host } = options;
  const { pull = 'missing', registry = {} } = request;
  const fetched = new Map<string, number>();
  const materials: BuildMaterial[] = [];

  const fetch = async (needed: NeededImage, reason: string, signal: AbortSignal): Promise<BaseImage> => {
    const { name, platform, isStrict } = needed;
    const shown = isStrict ? `${name} for ${formatPlatform(platform)}` : name;
    const step = steps.begin(`pull ${shown}`, needed.start);
    const lines = pullLines(clock);
    try {
      const { id, upToDate } = await images.pull({
        ...{ name, signal },
        ...registry,
        ...(isStrict ? { platform: formatPlatform(platform), keepName: !fitsPlatform(platform, host) } : {}),
        onProgress: event => lines(event).forEach(step.say),
      });
      if (upToDate) step.cached();
      else step.done(reason);
      fetched.set(id, step.id);
      return images.resolve(id);
    } catch (error) {
      step.failed(error, signal);
      throw error;
    }
  };

  const find = async (needed: NeededImage, signal: AbortSignal): Promise<BaseImage> => {
    const { name, platform, isStrict } = needed;
    const here = lookUp(images, needed);
    const askable = mayBeInRegistry(name) && !(here.image !== undefined && isMadeHere(here.image));
    if (askable && pull === 'always') return await fetch(needed, 'the registry has a newer one', signal);
    const fits = here.image !== undefined && (!isStrict || fitsPlatform(here.image.config, platform));
    if (here.image !== undefined && (fits || !askable || pull === 'never')) return here.image;
    if (here.image !== undefined) {
      return await fetch(needed, `it was here only for ${formatPlatform(here.image.config)}`, signal);
    }
    if (!askable || pull === 'never') throw here.error;
    return await fetch(needed, 'not here before', signal).catch((failure: unknown) => {
      throw neitherHereNorThere(here.error, failure);
    });
  };

  return {
    materials,
    fetchedBy: image => fetched.get(image),
    find: async (needed, signal) => {
      const image = await find(needed, signal);
      const { digests } = images.resolve(image.id);
      materials.push({ name: needed.name, platform: needed.platform, digest: digests[0] ?? image.id });
      return image;
    },
  };
}

type Local =
  | { readonly image: LocalImage; readonly error?: undefined }
  | { readonly image?: undefined; readonly error: PlimsollError };
type LocalImage = ReturnType<BuildImages['resolve']>;

function lookUp(images: Pick<BuildImages, 'resolve'>, { name, platform }: NeededImage): Local {
  try {
    return { image: images.resolve(name, platform) };
  } catch (error) {
    if (!isPlimsollError(error, 'not-found')) throw error;
    return { error };
  }
}

/** An unqualified name may mean what was made here, which no registry has. */
function isMadeHere({ references }: LocalImage): boolean {
  return references.length > 0 && references.every(reference => reference.startsWith('localhost/'));
}
