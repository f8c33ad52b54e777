import type { Engine, ImageSummary } from '../engine/index.ts';
import { familiarReference, parseReference } from '../oci/index.ts';
import { type Filters, isTrueFilter, passes, passesLabels } from './filters.ts';

/** What `images --filter` knows, as docker's. */
export const imageFilters: readonly string[] = ['dangling', 'reference', 'label', 'before', 'since', 'until'];

/** True for images that pass filters. `parseTime` reads a moment as the caller's users write it. */
export function imageMatcher(
  { images }: Pick<Engine, 'images'>,
  filters: Filters,
  parseTime: (text: string) => number,
): (image: ImageSummary) => boolean {
  const created = (key: string) => (filters.get(key) ?? []).map(name => images.inspect(name).created);
  const before = [...created('before'), ...(filters.get('until') ?? []).map(parseTime)];
  const since = created('since');
  return ({ references, labels, created: time }) =>
    passes(filters, 'dangling', value => isTrueFilter('dangling', value) === (references.length === 0)) &&
    passes(filters, 'reference', pattern => tagged(references).some(name => fitsReference(name, pattern))) &&
    before.every(limit => time < limit) &&
    since.every(limit => time > limit) &&
    passesLabels(filters, labels);
}

function tagged(references: readonly string[]): string[] {
  return references.map(text => familiarReference(parseReference(text))).filter(name => !name.includes('@'));
}

/** As docker: a pattern of the shell, for a name with or without its tag. */
export function fitsReference(name: string, pattern: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]');
  const whole = new RegExp(`^${source}$`);
  return [name, name.replace(/:[^:/]*$/, ''), name.replace(/^[^/]*\//, '')].some(each => whole.test(each));
}
