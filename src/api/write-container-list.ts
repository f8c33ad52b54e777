import type { ContainerSummary } from '../engine/index.ts';
import { type ContainerSurroundings, containerSummaryJson } from '../wire/index.ts';
import { describeState } from '../words/index.ts';

/** Writes containers as the JSON list that docker's clients ask for. */
export type ListWriter = (
  containers: readonly ContainerSummary[],
  surroundings: Omit<ContainerSurroundings, 'sizes'>,
  now: number,
) => string;

/**
 * A writer that keeps the text of each container: clients ask for the same list every second, of which only words such as
 * `Up 5 minutes` change. The engine gives the same object as long as nothing of a container has changed.
 */
export function createListWriter(): ListWriter {
  const written = new WeakMap<ContainerSummary, { readonly depends: string; readonly text: string }>();
  let [networksText, networksMark] = ['', 0];
  return (containers, surroundings, now) => {
    const text = JSON.stringify(surroundings.networks);
    if (text !== networksText) [networksText, networksMark] = [text, networksMark + 1];
    const entries = containers.map(container => {
      const depends = [
        networksMark,
        describeState(container.state, now),
        ...container.mounts.map(mount =>
          mount.type === 'volume' ? surroundings.volumePath(mount.name) : '',
        ),
      ].join('\n');
      const known = written.get(container);
      if (known?.depends === depends) return known.text;
      const fresh = JSON.stringify(containerSummaryJson(container, { ...surroundings, now }));
      written.set(container, { depends, text: fresh });
      return fresh;
    });
    return `[${entries.join()}]`;
  };
}
