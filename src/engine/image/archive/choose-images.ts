import { formatReference, localCandidates, parsePlatform, parseReference } from '../../../oci/index.ts';
import { type ImageRecord, type ImageRecords, nameCandidates } from '../image-records.ts';
import { ofPlatform } from '../of-platform.ts';
import { resolveImage } from '../resolve-image.ts';

/** An image that was asked for, and the full references by which. */
export interface ChosenImage {
  readonly image: ImageRecord;
  readonly references: readonly string[];
}

/**
 * The images of names, each once, with what they were called: an id brings no name along, and a repository without a
 * tag all of its tags, as docker's `save` has it. Throws `not-found`.
 */
export function chooseImages(
  records: ImageRecords,
  names: readonly string[],
  platform?: string,
): ChosenImage[] {
  const chosen = new Map<string, { image: ImageRecord; references: Set<string> }>();
  const add = (image: ImageRecord, reference?: string) => {
    const entry = chosen.get(image.id) ?? { image, references: new Set<string>() };
    if (reference !== undefined) entry.references.add(reference);
    chosen.set(image.id, entry);
  };
  for (const name of names) {
    const tagged = tagsOfRepository(records, name);
    for (const { id, reference } of tagged) add(resolveImage(records, id), reference);
    if (tagged.length > 0) continue;
    const image = resolveImage(records, name);
    const own = records.references(image.id);
    add(
      image,
      nameCandidates(name).find(candidate => own.includes(candidate)),
    );
  }
  return [...chosen.values()].map(({ image, references }) => ({
    image: platform === undefined ? image : ofPlatform(records, image, parsePlatform(platform)),
    references: [...references].sort(),
  }));
}

/** The tags of a name without one; none if it has one, or is an id. */
function tagsOfRepository(records: ImageRecords, name: string): { id: string; reference: string }[] {
  if (records.get(name) !== undefined || !isBare(name)) return [];
  const tags = records.tags();
  for (const { domain, path } of localCandidates(name)) {
    const prefix = `${formatReference({ domain, path })}:`;
    const found = tags.filter(({ reference }) => reference.startsWith(prefix));
    if (found.length > 0) return found;
  }
  return [];
}

function isBare(name: string): boolean {
  try {
    const { tag, digest } = parseReference(name);
    return tag === undefined && digest === undefined;
  } catch {
    return false; // an id, or nothing
  }
}
