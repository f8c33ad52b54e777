import { isPlimsollError, messageOf } from '../../../errors.ts';
import type { HeldLayer } from '../../snapshot/index.ts';
import type { BuildImages } from '../build-images.ts';
import { type CacheHit, explainMiss, keyOf, type StepInputs } from '../cache/index.ts';
import type { SideSteps } from '../journal/index.ts';
import type { CacheFrom } from '../types.ts';
import { readDocument, type SharedRecord, stepName, withoutValues } from './document.ts';

type Opened = Awaited<ReturnType<BuildImages['openCache']>>;

/** What an imported cache has for a step: its result, or why there is none. */
type Served = { readonly hit: CacheHit; readonly layer?: HeldLayer } | { readonly why: string };

/** The caches that a build may take results from. */
export interface ImportedCaches extends Disposable {
  /** Brings the layer of these inputs here. Undefined if no cache has anything of the step: then there is nothing to say. */
  serve(identity: string, inputs: StepInputs, signal: AbortSignal): Promise<Served | undefined>;
}

export interface ImportRequest {
  readonly from: readonly CacheFrom[];
  readonly images: Pick<BuildImages, 'openCache'>;
  readonly steps: SideSteps;
  readonly signal?: AbortSignal | undefined;
  readonly warn: (sentence: string) => void;
}

/**
 * Reads the records of caches; layers come when a step wants them. A cache that cannot be read is no reason to fail, and
 * a layer that cannot be had costs its own step alone.
 */
export async function importCaches({
  from,
  images,
  steps,
  signal,
  warn,
}: ImportRequest): Promise<ImportedCaches> {
  using stack = new DisposableStack();
  const caches: { readonly cache: Opened; readonly records: readonly SharedRecord[] }[] = [];
  for (const place of from) {
    const name = place.type === 'local' ? place.folder : place.name;
    const step = steps.begin(`import cache ${name}`);
    try {
      const cache = stack.use(await images.openCache({ place, signal }));
      const records = readDocument(cache.document);
      caches.push({ cache, records });
      step.say(`${records.length} results, ${cache.layers.size} layers`);
      step.done('');
    } catch (error) {
      step.failed(error, signal);
      if (signal?.aborted || !isPlimsollError(error)) throw error;
      warn(`the cache "${name}" cannot be used: ${messageOf(error)}`);
    }
  }
  const kept = stack.move();
  return {
    serve: async (identity, inputs, stop) => {
      const key = keyOf(inputs);
      const problems: string[] = [];
      for (const { cache, records } of caches) {
        const record = records.find(one => one.key === key);
        if (record === undefined) continue;
        const { layer: diffId, sizeBytes, created } = record;
        if (diffId === undefined) return { hit: { sizeBytes, created } };
        try {
          const layer = await cache.fetch(diffId, stop);
          return { hit: { diffId, sizeBytes: layer.sizeBytes, created }, layer };
        } catch (error) {
          if (stop.aborted || !isPlimsollError(error)) throw error;
          problems.push(messageOf(error));
        }
      }
      if (problems.length > 0) return { why: `its imported layer cannot be had: ${problems.join('; ')}` };
      if (caches.length === 0) return undefined;
      const name = stepName(identity);
      const before = caches.flatMap(({ records }) => records).find(one => one.step === name && one.inputs);
      if (before === undefined) return { why: 'not in the imported cache' };
      return { why: explainMiss(before.inputs, withoutValues(inputs)) };
    },
    [Symbol.dispose]: () => kept.dispose(),
  };
}
