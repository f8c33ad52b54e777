import { PlimsollError } from '../../errors.ts';
import { nearMisses } from '../../lib/near-misses.ts';
import { familiarReference, parseReference } from '../../oci/index.ts';
import type { ImageRecord, ImageRecords } from './image-records.ts';

/** The image of a name; throws `not-found` (`IMAGE_NOT_FOUND`) or, for a short id, `conflict` (`IMAGE_AMBIGUOUS`). */
export function resolveImage(records: ImageRecords, name: string): ImageRecord {
  const ids = records.find(name);
  const [id] = ids;
  if (id === undefined) throw notFound(records, name);
  if (ids.length > 1) throw ambiguous(name, ids);
  const record = records.get(id);
  if (record === undefined) throw notFound(records, name);
  return record;
}

function notFound(records: ImageRecords, name: string): PlimsollError {
  return new PlimsollError('not-found', `there is no image "${name}"`, {
    code: 'IMAGE_NOT_FOUND',
    hint: hintFor(records, name),
    data: { name },
  });
}

function hintFor(records: ImageRecords, name: string): string {
  const here = records.tags().map(tag => familiarReference(parseReference(tag.reference)));
  const plain = (reference: string) => reference.replace(/^localhost\//, '').replace(/:latest$/, '');
  const near = nearMisses(plain(name), here.map(plain));
  const meant = here.filter(reference => near.includes(plain(reference)));
  if (meant.length > 0) return `did you mean ${meant.map(reference => `"${reference}"`).join(' or ')}?`;
  const base = /^(?:localhost\/)?(busybox|(?:debian|ubuntu):[a-z]+)(?::latest)?$/.exec(name)?.[1];
  if (base !== undefined) return `run 'plimsoll image bootstrap ${base}' to make it from this machine`;
  return here.length === 0
    ? "run 'plimsoll image bootstrap busybox' to make a first image, or 'plimsoll build'"
    : "run 'plimsoll images' to see what is here";
}

function ambiguous(name: string, ids: readonly string[]): PlimsollError {
  return new PlimsollError('conflict', `"${name}" is the beginning of several image ids`, {
    code: 'IMAGE_AMBIGUOUS',
    hint: 'write more digits of the id, or a name',
    data: { name, ids },
  });
}
