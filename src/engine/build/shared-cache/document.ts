import { createHash } from 'node:crypto';
import type { StepInputs } from '../cache/index.ts';

/** The result of a step, as a shared cache has it. */
export interface SharedRecord {
  /** Of the build cache. */
  readonly key: string;
  /** The same step of another build has the same, wherever its context is. */
  readonly step: string;
  /** DiffID; none for a step that changed nothing. */
  readonly layer?: string;
  readonly sizeBytes: number;
  /** Milliseconds since the epoch. */
  readonly created: number;
  /** What it was made of, by which a miss is explained; values only as digests, so that none of them is told. */
  readonly inputs?: StepInputs;
}

/** Files of one record beyond this many are not told one by one. */
const fileLimit = 5000;

/** What a step was made of, without its values: equal values stay equal. */
export function withoutValues(inputs: StepInputs): StepInputs {
  const hidden = (facts: Readonly<Record<string, string>>) =>
    Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, short(`${name}=${value}`)]));
  const { base, parents, instruction, settings, env, args, content, files } = inputs;
  const few = files !== undefined && Object.keys(files).length <= fileLimit;
  return {
    base,
    parents: [short(parents.join())],
    instruction: short(instruction),
    settings: hidden(settings),
    env: hidden(env),
    args: hidden(args),
    ...(content === undefined ? {} : { content: short(content) }),
    ...(few ? { files } : {}),
  };
}

export function stepName(identity: string): string {
  return short(identity);
}

/** The document of a cache. */
export function writeDocument(records: readonly SharedRecord[]): unknown {
  return { version: 1, records };
}

/** The records of a document that can be understood; what cannot be is as if it were not there. */
export function readDocument(document: unknown): SharedRecord[] {
  const { version, records } = (document ?? {}) as { version?: unknown; records?: unknown };
  return version === 1 && Array.isArray(records) ? records.filter(isRecord) : [];
}

function isRecord(value: unknown): value is SharedRecord {
  const { key, step, layer, sizeBytes, created, inputs } = (value ?? {}) as Partial<
    Record<keyof SharedRecord, unknown>
  >;
  return (
    typeof key === 'string' &&
    typeof step === 'string' &&
    (layer === undefined || typeof layer === 'string') &&
    Number.isSafeInteger(sizeBytes) &&
    Number.isSafeInteger(created) &&
    (inputs === undefined || isInputs(inputs))
  );
}

function isInputs(value: unknown): boolean {
  const { base, parents, instruction, settings, env, args } = (value ?? {}) as Partial<StepInputs>;
  const facts = [settings, env, args];
  return (
    typeof base === 'string' &&
    Array.isArray(parents) &&
    typeof instruction === 'string' &&
    facts.every(one => typeof one === 'object' && one !== null)
  );
}

function short(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 24);
}
