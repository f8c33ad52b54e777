import { isPlimsollError, type PlimsollError } from '../../../errors.ts';
import { fitsPlatform, formatPlatform, mayBeInRegistry, type Platform } from '../../../oci/index.ts';
import { neitherHereNorThere } from '../../image/index.ts';
import type { BuildImages } from '../build-images.ts';
import type { BuildJournal } from '../journal/index.ts';
import type { BaseImage, NeededImage } from '../plan/index.ts';
import type { BuildRequest, BuildStep } from '../types.ts';
import { pullLines } from './pull-lines.ts';

export interface BaseFinderOptions {
  readonly build: string;
  readonly images: Pick<BuildImages, 'resolve' | 'pull'>;
  readonly request: Pick<BuildRequest, 'pull' | 'registry'>;
  readonly journal: BuildJournal;
  readonly clock: () => number;
  /** What this machine is. */
  readonly host: Platform;
}

/** Finds the images of one build. */
export interface BaseFinder {
  find(needed: NeededImage, signal: AbortSignal): Promise<BaseImage>;
  /** The steps that fetched something, in their order: ids count down from -1. */
  readonly steps: readonly BuildStep[];
  /** The step that fetched an image. */
  fetchedBy(image: string): number | undefined;
}

/**
 * Looks images up here, then, as the request's `pull` says, in registries. An image for another platform than the
 * machine's is asked for by that platform and leaves the name to the one that has it.
 */
export function createBaseFinder(options: BaseFinderOptions): BaseFinder {
  const { images, request, journal, clock, build, host } = options;
  const { pull = 'missing', registry = {} } = request;
  const steps: BuildStep[] = [];
  const fetched = new Map<string, number>();

  const fetch = async (needed: NeededImage, reason: string, signal: AbortSignal): Promise<BaseImage> => {
    const { name, platform, isStrict } = needed;
    const step = -1 - steps.length;
    const shown = isStrict ? `${name} for ${formatPlatform(platform)}` : name;
    steps.push({ id: step, name: `pull ${shown}`, stage: 'images', line: needed.start, dependsOn: [] });
    journal.write({ kind: 'planned', time: clock(), build, steps: [...steps] });
    journal.write({ kind: 'step-started', time: clock(), step });
    const lines = pullLines(clock);
    try {
      const { id, upToDate } = await images.pull({
        ...{ name, signal },
        ...registry,
        ...(isStrict ? { platform: formatPlatform(platform), keepName: !fitsPlatform(platform, host) } : {}),
        onProgress: event => {
          for (const line of lines(event)) journal.output(step, 'stdout', Buffer.from(`${line}\n`));
        },
      });
      const outcome = upToDate
        ? ({ outcome: 'cached' } as const)
        : { outcome: 'done' as const, cacheMiss: reason };
      journal.write({ kind: 'step-finished', time: clock(), step, ...outcome });
      fetched.set(id, step);
      return images.resolve(id);
    } catch (error) {
      const failed = signal.aborted
        ? ({ outcome: 'cancelled' } as const)
        : { outcome: 'failed' as const, error: isPlimsollError(error) ? error.message : String(error) };
      journal.write({ kind: 'step-finished', time: clock(), step, ...failed });
      throw error;
    }
  };

  return {
    steps,
    fetchedBy: image => fetched.get(image),
    find: async (needed, signal) => {
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
