import { ByteReader, ByteWriter } from '../../lib/varints.ts';

/** Many series of one span as one row: their numbers, and what is kept of each. */
export function writeEntries<T>(
  entries: ReadonlyMap<number, T>,
  write: (writer: ByteWriter, entry: T) => void,
): Buffer {
  const [all, one] = [new ByteWriter(), new ByteWriter()];
  for (const [series, entry] of entries) {
    write(one, entry);
    const bytes = one.take();
    all.varint(series);
    all.varint(bytes.length);
    all.raw(bytes);
  }
  return all.take();
}

/** The series of a row, or only the one that is asked for: the others are skipped unread. */
export function* readEntries(row: Uint8Array, only?: number): Generator<readonly [number, ByteReader]> {
  const reader = new ByteReader(row);
  while (!reader.ended) {
    const series = reader.varint();
    const bytes = reader.raw(reader.varint());
    if (only === undefined || only === series) yield [series, new ByteReader(bytes)];
  }
}
