import type { BuildProgress, BuildStep, LayerState, TransferProgress } from '../engine/index.ts';
import { binarySize, shortId } from '../words/index.ts';

/** Docker's words for the states of a layer. */
const words: Readonly<Record<LayerState, string>> = {
  exists: 'Already exists',
  waiting: 'Waiting',
  elsewhere: 'Waiting',
  downloading: 'Downloading',
  retrying: 'Retrying',
  unpacking: 'Extracting',
  pulled: 'Pull complete',
  compressing: 'Preparing',
  pushing: 'Pushing',
  mounted: 'Mounted from another repository',
  pushed: 'Pushed',
  reading: 'Loading layer',
  loaded: 'Loaded',
};

/** Turns the progress of a transfer into the messages that docker streams; sizes are remembered between them. */
export function transferMessages(began: (name: string) => object): (event: TransferProgress) => object[] {
  const sizes = new Map<string, number>();
  return event => {
    if (event.kind === 'began') {
      for (const { digest, size } of event.layers) sizes.set(digest, size);
      return [began(event.name)];
    }
    const { digest, state, bytes } = event;
    const total = event.size ?? sizes.get(digest);
    const moving = bytes !== undefined && total !== undefined && total > 0;
    return [
      {
        status: words[state],
        progressDetail: moving ? { current: bytes, total } : {},
        ...(moving ? { progress: bar(bytes, total) } : {}),
        id: shortId(digest),
      },
    ];
  };
}

function bar(current: number, total: number): string {
  const filled = Math.min(50, Math.floor((current / total) * 50));
  const drawn = filled === 50 ? '='.repeat(50) : `${'='.repeat(filled)}>${' '.repeat(49 - filled)}`;
  return `[${drawn}] ${binarySize(current)}/${binarySize(total)}`;
}

/** Turns the progress of a build into the lines of docker's classic builder. */
export function buildMessages(): (event: BuildProgress) => string[] {
  let steps: readonly BuildStep[] = [];
  const named = new Set<number>();
  const nameOf = (id: number) => {
    if (named.has(id)) return [];
    named.add(id);
    const step = steps.find(each => each.id === id);
    const shown = step?.name.replace(/^\[[^\]]*\] /, '') ?? '';
    return [`Step ${steps.findIndex(each => each.id === id) + 1}/${steps.length} : ${shown}\n`];
  };
  return event => {
    switch (event.kind) {
      case 'planned':
        ({ steps } = event);
        return [];
      case 'step-started':
        return nameOf(event.step);
      case 'step-output':
        return [event.text.endsWith('\n') ? event.text : `${event.text}\n`];
      case 'step-finished':
        return event.outcome === 'cached' ? [...nameOf(event.step), ' ---> Using cache\n'] : [];
      case 'warned':
        return [`WARNING: ${event.message}\n`];
      case 'finished':
        return event.image === undefined ? [] : [`Successfully built ${shortId(event.image)}\n`];
    }
  };
}
