import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import type { Root } from '../../store/index.ts';
import type { BuildProgress } from '../types.ts';

/** Where the journal of a build is. */
export function journalPath(root: Root, build: string): string {
  return join(root.dataDir, 'builds', `${build}.jsonl`);
}

export interface BuildJournal {
  /** Writes one event, after the output that came before it. */
  write(event: BuildProgress): void;
  /** Adds output of a step; it is written in pieces of some size or some milliseconds. */
  output(step: number, stream: 'stdout' | 'stderr', chunk: Buffer): void;
  /** Writes what is still held back. */
  flush(): void;
}

type OutputEvent = Extract<BuildProgress, { kind: 'step-output' }>;

const FLUSH_MS = 50;
const FLUSH_CHARACTERS = 16 * 1024;

/** Opens the journal of a build: a line of JSON per event, each written whole. `onEvent` gets the same events. */
export function openBuildJournal(
  path: string,
  options: { clock: () => number; onEvent?: (event: BuildProgress) => void },
): BuildJournal {
  const decoders = new Map<string, StringDecoder>();
  let held: OutputEvent[] = [];
  let size = 0;
  let timer: NodeJS.Timeout | undefined;
  const append = (events: readonly BuildProgress[]) => {
    appendFileSync(path, events.map(event => `${JSON.stringify(event)}\n`).join(''), { mode: 0o644 });
    for (const event of events) options.onEvent?.(event);
  };
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    const events = held;
    held = [];
    size = 0;
    if (events.length > 0) append(events);
  };
  return {
    flush,
    write: event => {
      flush();
      append([event]);
    },
    output: (step, stream, chunk) => {
      const key = `${step} ${stream}`;
      const decoder = decoders.get(key) ?? new StringDecoder('utf8');
      decoders.set(key, decoder);
      const text = decoder.write(chunk);
      if (text === '') return;
      const last = held.at(-1);
      if (last?.step === step && last.stream === stream)
        held[held.length - 1] = { ...last, text: last.text + text };
      else held.push({ kind: 'step-output', time: options.clock(), step, stream, text });
      size += text.length;
      if (size >= FLUSH_CHARACTERS) flush();
      else timer ??= setTimeout(flush, FLUSH_MS);
    },
  };
}
