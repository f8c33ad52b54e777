import type { LayerState, TransferProgress } from '../engine/index.ts';
import { PlimsollError } from '../errors.ts';
import { cleanText } from '../lib/clean-text.ts';
import { readLines } from './frames.ts';

/** A message of the streams that pull, push, load and build answer with. */
export interface ProgressMessage {
  readonly stream?: string;
  readonly status?: string;
  readonly id?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
  readonly error?: string;
  readonly errorDetail?: { readonly code?: number; readonly message?: string };
  readonly aux?: {
    readonly ID?: string;
    readonly Tag?: string;
    readonly Digest?: string;
    readonly Size?: number;
  };
}

/** The messages one by one. An error in the stream is thrown, in the engine's words. */
export async function* readMessages(answer: AsyncIterable<Buffer>): AsyncGenerator<ProgressMessage> {
  for await (const line of readLines(answer)) {
    const message = JSON.parse(line) as ProgressMessage;
    const failure = message.errorDetail?.message ?? message.error;
    if (failure !== undefined) throw failed(failure);
    yield message;
  }
}

function failed(text: string): PlimsollError {
  const missing = /not found|manifest unknown|does not exist/i.test(text);
  const denied = /denied|unauthorized|authentication required/i.test(text);
  return new PlimsollError(
    missing ? 'not-found' : denied ? 'unauthenticated' : 'unavailable',
    cleanText(text, { maxLength: 1000 }),
    {
      code: missing ? 'MANIFEST_UNKNOWN' : denied ? 'UNAUTHORIZED' : 'TRANSFER_FAILED',
    },
  );
}

/** Docker's words for what happens to a layer. */
const states: Readonly<Record<string, LayerState>> = {
  'Pulling fs layer': 'waiting',
  Waiting: 'waiting',
  Downloading: 'downloading',
  'Verifying Checksum': 'downloading',
  'Download complete': 'unpacking',
  Extracting: 'unpacking',
  'Pull complete': 'pulled',
  'Already exists': 'exists',
  Preparing: 'compressing',
  Pushing: 'pushing',
  Pushed: 'pushed',
  'Layer already exists': 'exists',
  'Loading layer': 'reading',
};

/** Turns messages into what a transfer announces; words that are not known are left out. */
export function transferEvents(name: string, onProgress: ((event: TransferProgress) => void) | undefined) {
  onProgress?.({ kind: 'began', name, layers: [] });
  return ({ id, status = '', progressDetail }: ProgressMessage) => {
    const state = states[status] ?? (status.startsWith('Mounted from') ? 'mounted' : undefined);
    if (id === undefined || state === undefined) return;
    const { current, total } = progressDetail ?? {};
    const moving = state === 'downloading' || state === 'pushing' || state === 'reading';
    onProgress?.({
      kind: 'layer',
      digest: id,
      state,
      ...(moving && current !== undefined ? { bytes: current } : {}),
      ...(moving && total !== undefined && total > 0 ? { size: total } : {}),
    });
  };
}
