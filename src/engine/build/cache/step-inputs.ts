/** All facts that decide the layer of a step, in a form from which a later miss can be explained. */
export interface StepInputs {
  /** The image that the stage starts from: its id, or `scratch`. Explains; the key has `parents`. */
  readonly base: string;
  /** DiffIDs below the step, base first. */
  readonly parents: readonly string[];
  /** The instruction with its words expanded. */
  readonly instruction: string;
  /** Such as USER, WORKDIR or `--chown`, by the name that the user knows. */
  readonly settings: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly args: Readonly<Record<string, string>>;
  /** Digest of the copied files. */
  readonly content?: string;
  /** Path to short digest. Explains; the key has `content`. */
  readonly files?: Readonly<Record<string, string>>;
}

/** The text whose digest is the step's key: facts that only explain are left out, order does not count. */
export function keyText({ parents, instruction, settings, env, args, content = '' }: StepInputs): string {
  const sorted = (record: Readonly<Record<string, string>>) =>
    Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([parents, instruction, sorted(settings), sorted(env), sorted(args), content]);
}

/** Why a step's layer was not there, in one phrase, against what the same step had the last time it was built. */
export function explainMiss(before: StepInputs | undefined, now: StepInputs): string {
  if (before === undefined) return 'never built before';
  if (before.base !== now.base) return 'base image moved';
  if (before.parents.join() !== now.parents.join()) return 'an earlier step changed';
  if (before.instruction !== now.instruction) return 'instruction changed';
  return (
    firstChange(before.args, now.args, 'ARG ') ??
    firstChange(before.env, now.env, 'ENV ') ??
    firstChange(before.settings, now.settings, '') ??
    changedFiles(before, now) ??
    'its layer was freed'
  );
}

type Facts = Readonly<Record<string, string>>;

function changedFiles(before: StepInputs, now: StepInputs): string | undefined {
  if (before.content === now.content) return undefined;
  return firstChange(before.files ?? {}, now.files ?? {}, '') ?? 'the files are copied in another order';
}

function firstChange(before: Facts, now: Facts, prefix: string): string | undefined {
  const names = [...new Set([...Object.keys(now), ...Object.keys(before)])];
  const changed = names.filter(name => before[name] !== now[name]);
  const first = changed[0];
  if (first === undefined) return undefined;
  const more = changed.length > 1 ? ` (and ${changed.length - 1} more)` : '';
  if (before[first] === undefined) return `${prefix}${first} is new${more}`;
  return `${prefix}${first} ${now[first] === undefined ? 'is gone' : 'changed'}${more}`;
}
