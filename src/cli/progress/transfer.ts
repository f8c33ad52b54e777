import type { LayerState, TransferProgress } from '../../engine/index.ts';
import { cleanText } from '../../lib/clean-text.ts';
import { humanSize, shortId } from '../../words/index.ts';
import type { Cli } from '../cli.ts';
import { paint } from '../format/paint.ts';
import { liveArea } from './live-area.ts';

/** A printer of a pull or push, on standard error. */
export interface TransferPrinter extends Disposable {
  readonly onProgress: (event: TransferProgress) => void;
}

/** A bar for each layer on a terminal, else a line for each change; with `quiet` nothing. */
export function transferProgress(cli: Cli, { quiet = false }: { quiet?: boolean } = {}): TransferPrinter {
  if (quiet) return { onProgress: () => {}, [Symbol.dispose]() {} };
  return cli.stderr.isTTY === true && cli.env.TERM !== 'dumb' ? bars(cli) : lines(cli);
}

/** Docker's words. */
const words: Readonly<Record<LayerState, string>> = {
  exists: 'Already exists',
  waiting: 'Waiting',
  elsewhere: 'Waiting for another plimsoll that fetches it',
  downloading: 'Downloading',
  retrying: 'Retrying',
  unpacking: 'Extracting',
  pulled: 'Pull complete',
  compressing: 'Compressing',
  pushing: 'Pushing',
  mounted: 'Mounted from another repository',
  pushed: 'Pushed',
  reading: 'Reading',
  loaded: 'Loaded',
};

const final: readonly LayerState[] = ['exists', 'pulled', 'mounted', 'pushed', 'loaded'];

type LayerEvent = Extract<TransferProgress, { kind: 'layer' }>;

function lines({ stderr }: Cli): TransferPrinter {
  const last = new Map<string, LayerState>();
  return {
    onProgress: event => {
      if (event.kind === 'began') {
        last.clear();
        stderr.write(`${cleanText(event.name)}\n`);
        return;
      }
      if (last.get(event.digest) === event.state && event.state !== 'retrying') return;
      last.set(event.digest, event.state);
      stderr.write(`${shortId(event.digest)}: ${words[event.state]}${noteOf(event)}\n`);
    },
    [Symbol.dispose]() {},
  };
}

interface Layer {
  readonly size: number;
  readonly state: LayerState;
  readonly bytes: number;
  readonly note: string;
}

function bars(cli: Cli): TransferPrinter {
  const { green, yellow, bold, dim } = paint(cli.stderr, cli.env);
  const layers = new Map<string, Layer>();
  let done: string[] = [];
  const lineOf = (digest: string, { size, state, bytes, note }: Layer, width: number): string => {
    const moves = state === 'downloading' || state === 'pushing' || state === 'reading';
    const bar = moves ? ` ${barOf(bytes, size, width - 50)} ${humanSize(bytes)}/${humanSize(size)}` : '';
    const mark = final.includes(state) ? green('✓') : yellow('•');
    return `${mark} ${shortId(digest)}: ${words[state]}${bar}${dim(note.slice(0, Math.max(0, width - 40)))}`;
  };
  const area = liveArea(cli.stderr, width => {
    const gone = done;
    done = [];
    return { done: gone, live: [...layers].map(([digest, layer]) => lineOf(digest, layer, width)) };
  });
  return {
    onProgress: event => {
      if (event.kind === 'began') {
        done.push(bold(cleanText(event.name)));
        layers.clear();
        const none = { state: 'waiting', bytes: 0, note: '' } as const;
        for (const { digest, size } of event.layers) layers.set(digest, { size, ...none });
        return;
      }
      const before = layers.get(event.digest);
      if (before === undefined) return;
      const layer = {
        size: event.size ?? before.size,
        state: event.state,
        bytes: event.bytes ?? 0,
        note: noteOf(event),
      };
      layers.set(event.digest, layer);
      if (!final.includes(event.state)) return;
      done.push(lineOf(event.digest, layer, 80));
      layers.delete(event.digest);
    },
    [Symbol.dispose]: () => area[Symbol.dispose](),
  };
}

function noteOf({ note }: LayerEvent): string {
  return note === undefined ? '' : `: ${cleanText(note, { maxLength: 200 })}`;
}

function barOf(bytes: number, size: number, room: number): string {
  const width = Math.max(10, Math.min(40, room));
  const filled = size === 0 ? width : Math.min(width, Math.floor((bytes / size) * width));
  return `[${'='.repeat(filled)}${filled < width ? '>' : ''}${' '.repeat(Math.max(0, width - filled - 1))}]`;
}
