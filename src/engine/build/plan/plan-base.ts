import type { Platform } from '../../../oci/index.ts';
import { fail } from './fail.ts';
import type { BaseImage, CopyOperation, Operation } from './plan.ts';
import type { PlannedStage, Planning } from './planning.ts';
import { parsePlatform } from './platform.ts';
import { findContext } from './resolve-source.ts';
import { findStage, type Stage } from './split-stages.ts';
import { type StageState, scratchConfig } from './stage-state.ts';
import { formatPlatform, WordExpander } from './variables.ts';

/** What a stage begins with. */
export interface StageBase {
  readonly state: StageState;
  readonly operation: Operation;
  readonly parent?: number;
  /** What the image's history says of the layer that FROM makes, if it makes one. */
  readonly createdBy?: string;
}

export interface BasePlanning {
  readonly planning: Planning;
  readonly stage: Stage;
  readonly plan: (stage: number) => PlannedStage | undefined;
  readonly image: (name: string, lines: Stage['from'], platform: Platform) => BaseImage | undefined;
}

/** Plans FROM: a named context, an earlier stage, nothing, or an image; undefined if that has to be known first. */
export function planBase({ planning, stage, plan, image }: BasePlanning): StageBase | undefined {
  const { request, dockerfile, globals } = planning;
  const { source } = request;
  const { from } = stage;
  const expander = new WordExpander({ source, lines: from, escape: dockerfile.escape, variables: globals });
  const name = expander.word(from.base);
  if (name === '' || isTorn(name)) {
    const [unset = 'NAME'] = expander.unset(from.base);
    const reason = name === '' ? 'names no image' : `is "${name}"`;
    fail(source, from, `FROM ${from.base} ${reason}, as ${unset} has no value here`, {
      hint: `give it one: ARG ${unset}=VALUE before the first FROM, or --build-arg ${unset}=VALUE`,
    });
  }
  const platform = platformOf(planning, stage, expander);
  const context = findContext(request.contexts, name);
  if (context?.kind === 'folder') {
    return { ...scratch(platform), operation: wholeContext(context.name), createdBy: `FROM ${name}` };
  }
  const earlier = context === undefined ? findStage(dockerfile.stages, name, stage.index) : undefined;
  if (earlier !== undefined && !/^\d+$/.test(name)) {
    const planned = plan(earlier.index);
    return planned && { state: planned.state, operation: { kind: 'stage' }, parent: planned.last };
  }
  if (name === 'scratch' && context === undefined)
    return { ...scratch(platform), operation: { kind: 'base' } };
  const found = image(context?.reference ?? name, from, platform);
  if (found === undefined) return undefined;
  checkPlatform(planning, stage, { name, image: found, wanted: platform });
  return { state: stateOf(found), operation: { kind: 'base', image: found } };
}

/** True for what is left of a reference when a variable in it is empty: `app:`, `host//app`, `:1`. */
function isTorn(name: string): boolean {
  return /[:/@]$|^[:/@]|\/[/:]/.test(name);
}

/** The platform of a stage: what `--platform` says, else what the image is built for. */
function platformOf({ request }: Planning, { from }: Stage, expander: WordExpander): Platform {
  if (from.platform === undefined) return request.platforms.target;
  const text = expander.word(from.platform);
  if (text === '') return request.platforms.target;
  return (
    parsePlatform(text) ??
    fail(request.source, from, `"${text}" is no platform`, {
      hint: 'write it as os/architecture, such as linux/arm64',
    })
  );
}

/** An image for another platform is an error where one was asked for, else something to know. */
function checkPlatform(
  { request, warnings }: Planning,
  { from }: Stage,
  { name, image, wanted }: { name: string; image: BaseImage; wanted: Platform },
): void {
  const own = platformIn(image);
  if (own.os === wanted.os && own.architecture === wanted.architecture) return;
  const sentence = `the image "${name}" is for ${formatPlatform(own)}, not for ${formatPlatform(wanted)}`;
  const asked = from.platform !== undefined || request.platforms.target !== request.platforms.build;
  if (!asked) warnings.add(sentence);
  else {
    fail(request.source, from, sentence, {
      kind: 'not-found',
      code: 'PLATFORM_MISMATCH',
      hint: 'bring the image for that platform here first',
    });
  }
}

function platformIn({ config: { os, architecture, variant } }: BaseImage): Platform {
  return variant === undefined ? { os, architecture } : { os, architecture, variant };
}

function stateOf(image: BaseImage): StageState {
  const { config, author } = image.config;
  return {
    config,
    platform: platformIn(image),
    args: new Map(),
    commandSet: false,
    ...(author === undefined ? {} : { author }),
  };
}

function scratch(platform: Platform): { state: StageState } {
  return { state: { config: scratchConfig, platform, args: new Map(), commandSet: false } };
}

/** A folder as a root filesystem. */
function wholeContext(name: string): CopyOperation {
  return {
    kind: 'copy',
    from: { kind: 'context', name },
    sources: [{ kind: 'path', path: '/' }],
    inline: [],
    destination: '/',
    exclude: [],
    parents: false,
    unpack: 'never',
    link: true,
  };
}
