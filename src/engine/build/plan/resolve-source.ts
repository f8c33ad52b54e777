import type { LineRange } from '../dockerfile/index.ts';
import { fail } from './fail.ts';
import type { BaseImage, FileSource, NamedContext, PlanRequest } from './plan.ts';
import { findStage, type Stage, type StagedDockerfile } from './split-stages.ts';

/** What resolving a name depends on. */
export interface SourceLookup {
  readonly request: PlanRequest;
  readonly dockerfile: StagedDockerfile;
  /** Id of a stage's last step; undefined if an image has to be known first. */
  readonly lastStep: (stage: number) => number | undefined;
  /** A known image; otherwise it is noted as needed. */
  readonly image: (name: string, lines: LineRange) => BaseImage | undefined;
}

/**
 * What `--from` means: a named context, else a stage before this one, by name or number, else an image. Undefined if an
 * image has to be known first.
 */
export function resolveSource(
  { request, dockerfile, lastStep, image }: SourceLookup,
  stage: Stage,
  name: string,
  lines: LineRange,
): FileSource | undefined {
  const context = findContext(request.contexts, name);
  if (context?.kind === 'folder') return { kind: 'context', name: context.name };
  if (context === undefined) {
    const found = findStage(dockerfile.stages, name, stage.index);
    if (found !== undefined) {
      const step = lastStep(found.index);
      return step === undefined ? undefined : { kind: 'stage', step };
    }
    const later = findStage(dockerfile.stages, name, dockerfile.stages.length);
    if (later !== undefined || /^\d+$/.test(name)) {
      fail(request.source, lines, `the stage "${name}" does not come before this one`, {
        hint: 'a stage can copy only from stages above it',
      });
    }
  }
  const found = image(context?.reference ?? name, lines);
  return found === undefined ? undefined : { kind: 'image', image: found };
}

/** The named context that a name of the Dockerfile means; `alpine` and `alpine:latest` are one name, case does not count. */
export function findContext(
  contexts: ReadonlyMap<string, NamedContext>,
  name: string,
):
  | (Extract<NamedContext, { kind: 'image' }> & { name: string })
  | { kind: 'folder'; name: string }
  | undefined {
  const plain = (text: string) =>
    text
      .toLowerCase()
      .replace(/^docker\.io\/(library\/)?/, '')
      .replace(/:latest$/, '');
  for (const [key, context] of contexts) if (plain(key) === plain(name)) return { ...context, name: key };
  return undefined;
}

/** The steps that have to be done before files can be taken from there. */
export function stepsOf(from: FileSource | undefined): number[] {
  return from?.kind === 'stage' ? [from.step] : [];
}
