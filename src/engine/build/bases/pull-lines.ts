import { formatBytes } from '../../../lib/format-bytes.ts';
import type { TransferProgress } from '../../image/index.ts';

/** Least time between two lines about bytes, in milliseconds. */
const LINE_MS = 1000;

/** Tells the progress of a pull in lines, for the output of a step. `clock` is in milliseconds. */
export function pullLines(clock: () => number): (event: TransferProgress) => string[] {
  const sizes = new Map<string, number>();
  const done = new Map<string, number>();
  let last = clock();
  const sum = (of: ReadonlyMap<string, number>) => [...of.values()].reduce((all, bytes) => all + bytes, 0);
  return event => {
    if (event.kind === 'began') {
      for (const { digest, size } of event.layers) sizes.set(digest, size);
      const count = event.layers.length;
      return [`${event.name}: ${count === 1 ? '1 layer' : `${count} layers`}, ${formatBytes(sum(sizes))}`];
    }
    const { digest, state, bytes, note } = event;
    const name = digest.replace('sha256:', '').slice(0, 12);
    switch (state) {
      case 'exists':
        done.set(digest, sizes.get(digest) ?? 0);
        return [`${name} is here already`];
      case 'retrying':
        return [`${name} once more: ${note ?? 'the connection broke'}`];
      case 'pulled':
        done.set(digest, sizes.get(digest) ?? 0);
        return [`${name} is here, ${formatBytes(sizes.get(digest) ?? 0)}`];
      case 'downloading':
        done.set(digest, bytes ?? 0);
        if (clock() - last < LINE_MS) return [];
        last = clock();
        return [`${formatBytes(sum(done))} of ${formatBytes(sum(sizes))}`];
      default:
        return [];
    }
  };
}
