import { isPlimsollError, messageOf } from '../../../errors.ts';
import type { BuildImages } from '../build-images.ts';
import type { SideSteps } from '../journal/index.ts';
import type { CacheTo } from '../types.ts';
import type { CacheCollector } from './collect-results.ts';
import { writeDocument } from './document.ts';

export interface ExportRequest {
  readonly to: readonly CacheTo[];
  readonly results: CacheCollector;
  readonly images: Pick<BuildImages, 'writeCache'>;
  readonly steps: SideSteps;
  readonly signal?: AbortSignal | undefined;
  readonly warn: (sentence: string) => void;
}

/** Writes a build's results to the places that were asked for. Rejects at the first that fails, unless that is allowed to. */
export async function exportCaches({
  to,
  results,
  images,
  steps,
  signal,
  warn,
}: ExportRequest): Promise<void> {
  for (const place of to) {
    if (place.type === 'inline') continue; // it goes with the image
    const name = place.type === 'local' ? place.folder : place.name;
    const step = steps.begin(`export cache to ${name}`);
    const records = results.records(place.mode ?? 'min');
    const layers = [...new Set(records.flatMap(({ layer }) => layer ?? []))];
    try {
      await images.writeCache({ place, document: writeDocument(records), layers, signal });
      step.say(`${records.length} results, ${layers.length} layers`);
      step.done('');
    } catch (error) {
      step.failed(error, signal);
      if (!place.ignoreErrors || signal?.aborted || !isPlimsollError(error)) throw error;
      warn(`the cache was not written to "${name}": ${messageOf(error)}`);
    }
  }
}

/** What an image carries for `--cache-from`, if that was asked for: no inputs, as everybody who has it pulls them. */
export function inlineRecords(to: readonly CacheTo[], results: CacheCollector): unknown {
  if (!to.some(({ type }) => type === 'inline')) return undefined;
  return writeDocument(results.records('min').map(({ inputs: _, ...record }) => record));
}
