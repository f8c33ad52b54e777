import {
  type DockerfileSource,
  type Instruction,
  parseDockerfile,
  parseInstruction,
} from '../dockerfile/index.ts';
import { applyMetadata, workingDirectory } from './apply-metadata.ts';
import { fail } from './fail.ts';
import type { BaseImage, NeededImage, Operation, PlanRequest, Vertex } from './plan.ts';
import { planCopy } from './plan-copy.ts';
import { planRun } from './plan-run.ts';
import { findStage, type Stage, type StagedDockerfile } from './split-stages.ts';
import { type StageState, scratchConfig, variablesOf } from './stage-state.ts';
import { formatPlatform, WordExpander } from './variables.ts';

/** A stage whose steps are all known. */
export interface PlannedStage {
  readonly state: StageState;
  /** Id of its last step. */
  readonly last: number;
}

/** What all stages of one planning share. */
export interface Planning {
  readonly request: PlanRequest;
  readonly dockerfile: StagedDockerfile;
  readonly globals: ReadonlyMap<string, string>;
  /** Steps so far, of all stages. */
  readonly drafts: Vertex[];
  /** Images that have to be known to go on. */
  readonly needed: NeededImage[];
}

/** Plans stages on demand: only what the target reaches is ever planned. */
export class StagePlanner {
  readonly usedArgs = new Set<string>();
  readonly #planning: Planning;
  readonly #done = new Map<number, PlannedStage | undefined>();

  constructor(planning: Planning) {
    this.#planning = planning;
  }

  /** Undefined if an image is needed first; `needed` says which. */
  plan(index: number): PlannedStage | undefined {
    if (!this.#done.has(index)) this.#done.set(index, this.#planStage(index));
    return this.#done.get(index);
  }

  #planStage(index: number): PlannedStage | undefined {
    const { dockerfile, request } = this.#planning;
    const stage = dockerfile.stages[index];
    if (stage === undefined) throw new RangeError(`no stage ${index}`);
    const base = this.#baseOf(stage);
    if (base === undefined) return undefined;
    const triggers = triggersOf(request.source, stage, base.state.config.OnBuild ?? []);
    const { OnBuild: _, ...config } = base.state.config;
    const state: StageState = { ...base.state, config, args: new Map(), commandSet: false };
    const instructions = [...triggers, ...stage.instructions];
    const steps = new StepList(this.#planning, stage, instructions.length + 1);
    let last = steps.add(stage.from, base.operation, {
      ...(base.parent === undefined ? {} : { parent: base.parent }),
    });
    for (const instruction of instructions) {
      const step = this.#planInstruction(stage, state, instruction);
      if (step === undefined) return undefined;
      last = steps.add(instruction, step.operation, { parent: last, ...step });
    }
    return { state, last };
  }

  #baseOf(stage: Stage): { state: StageState; operation: Operation; parent?: number } | undefined {
    const { request, dockerfile, globals } = this.#planning;
    const { source } = request;
    const { from } = stage;
    const expander = new WordExpander({ source, lines: from, escape: dockerfile.escape, variables: globals });
    const name = expander.word(from.base);
    if (name === '') {
      fail(source, from, `FROM ${from.base} names no image`, {
        hint: `give its variable a value with ARG before FROM or with --build-arg`,
      });
    }
    if (from.platform !== undefined) checkPlatform(request, stage, expander.word(from.platform));
    for (const arg of dockerfile.globalArgs.flatMap(instruction => instruction.arguments))
      this.usedArgs.add(arg.name);
    const earlier = findStage(dockerfile.stages, name, stage.index);
    if (earlier !== undefined && !/^\d+$/.test(name)) {
      const planned = this.plan(earlier.index);
      if (planned === undefined) return undefined;
      return { state: planned.state, operation: { kind: 'stage' }, parent: planned.last };
    }
    if (name === 'scratch') {
      return {
        state: { config: scratchConfig, args: new Map(), commandSet: false },
        operation: { kind: 'base' },
      };
    }
    const image = this.image(name, stage.from);
    if (image === undefined) return undefined;
    const { author } = image.config;
    return {
      state: {
        config: image.config.config,
        args: new Map(),
        commandSet: false,
        ...(author === undefined ? {} : { author }),
      },
      operation: { kind: 'base', image },
    };
  }

  /** A known image; otherwise it is noted as needed. */
  image(name: string, { start, end }: { start: number; end: number }): BaseImage | undefined {
    const image = this.#planning.request.bases.get(name);
    if (image === undefined) this.#planning.needed.push({ name, start, end });
    return image;
  }

  #planInstruction(
    stage: Stage,
    state: StageState,
    instruction: Instruction,
  ): { operation: Operation; createdBy: string; dependsOn?: readonly number[] } | undefined {
    const { request, dockerfile } = this.#planning;
    const { source } = request;
    const variables = variablesOf(state);
    const expander = new WordExpander({ source, lines: instruction, escape: dockerfile.escape, variables });
    switch (instruction.name) {
      case 'FROM':
        return fail(source, instruction, 'FROM cannot stand here');
      case 'RUN':
        return planRun(state, instruction, request);
      case 'COPY':
      case 'ADD':
        return planCopy({
          state,
          instruction,
          expander,
          source,
          resolve: name => this.#copySource(stage, name, instruction),
        });
      case 'WORKDIR': {
        const path = workingDirectory(state.config, expander.word(instruction.path));
        state.config = { ...state.config, WorkingDir: path };
        const operation: Operation = { kind: 'workdir', path, user: state.config.User ?? '' };
        return { operation: path === '/' ? { kind: 'metadata' } : operation, createdBy: `WORKDIR ${path}` };
      }
      case 'ARG':
        return { operation: { kind: 'metadata' }, createdBy: this.#declare(state, instruction) };
      default:
        return {
          operation: { kind: 'metadata' },
          createdBy: applyMetadata(state, instruction, expander, (sentence, hint) =>
            fail(source, instruction, sentence, { hint }),
          ),
        };
    }
  }

  /** ARG: what was given wins over the default; without one, the ARG before the first FROM counts. */
  #declare(state: StageState, instruction: Extract<Instruction, { name: 'ARG' }>): string {
    const { request, globals, dockerfile } = this.#planning;
    const said = instruction.arguments.map(({ name, value }) => {
      const { source } = request;
      const variables = variablesOf(state); // an ARG of this line sees those before it
      const expander = new WordExpander({ source, lines: instruction, escape: dockerfile.escape, variables });
      const fallback = value === undefined ? globals.get(name) : expander.word(value);
      const result = request.buildArgs[name] ?? fallback;
      state.args.set(name, result);
      this.usedArgs.add(name);
      return result === undefined ? name : `${name}=${result}`;
    });
    return `ARG ${said.join(' ')}`;
  }

  /** What `COPY --from` means: a stage before this one, by name or number, else an image. */
  #copySource(stage: Stage, name: string, lines: Instruction) {
    const { dockerfile, request } = this.#planning;
    const found = findStage(dockerfile.stages, name, stage.index);
    if (found !== undefined) {
      const planned = this.plan(found.index);
      return planned === undefined ? undefined : ({ kind: 'stage', step: planned.last } as const);
    }
    const later = findStage(dockerfile.stages, name, dockerfile.stages.length);
    if (later !== undefined || /^\d+$/.test(name)) {
      fail(request.source, lines, `the stage "${name}" does not come before this one`, {
        hint: 'a stage can copy only from stages above it',
      });
    }
    const image = this.image(name, lines);
    return image === undefined ? undefined : ({ kind: 'image', image } as const);
  }
}

/** Numbers and names the steps of one stage. */
class StepList {
  readonly #planning: Planning;
  readonly #stage: Stage;
  readonly #total: number;
  readonly #seen = new Map<string, number>();
  #count = 0;

  constructor(planning: Planning, stage: Stage, total: number) {
    this.#planning = planning;
    this.#stage = stage;
    this.#total = total;
  }

  add(
    instruction: Instruction,
    operation: Operation,
    options: { parent?: number; createdBy?: string; dependsOn?: readonly number[] },
  ): number {
    const { drafts, dockerfile } = this.#planning;
    const { parent, createdBy, dependsOn = [] } = options;
    this.#count++;
    const alone = dockerfile.stages.length === 1 && this.#stage.from.alias === undefined;
    const text = instruction.text.replace(/\s+/g, ' ');
    const again = this.#seen.get(text) ?? 0;
    this.#seen.set(text, again + 1);
    const id = drafts.length;
    drafts.push({
      id,
      name: `[${alone ? '' : `${this.#stage.name} `}${this.#count}/${this.#total}] ${text}`,
      stage: this.#stage.name,
      line: instruction.start,
      start: instruction.start,
      end: instruction.end,
      dependsOn: [...new Set([...(parent === undefined ? [] : [parent]), ...dependsOn])],
      ...(parent === undefined ? {} : { parent }),
      operation,
      ...(createdBy === undefined ? {} : { createdBy }),
      identity: `${this.#stage.name}\n${text}\n${again}`,
    });
    return id;
  }
}

/** ONBUILD instructions of the base, as if they stood right after FROM. */
function triggersOf(source: DockerfileSource, stage: Stage, triggers: readonly string[]): Instruction[] {
  return triggers.flatMap(trigger => {
    const inner = { file: `${source.file} (ONBUILD of ${stage.from.base})`, text: trigger };
    return parseDockerfile(inner).nodes.map(node => {
      const instruction = parseInstruction(inner, node);
      return { ...instruction, start: stage.from.start, end: stage.from.end };
    });
  });
}

function checkPlatform(request: PlanRequest, stage: Stage, platform: string): void {
  const host = formatPlatform(request.platform);
  const [os, architecture, variant] = platform.split('/');
  const aliases: Readonly<Record<string, string>> = { x86_64: 'amd64', aarch64: 'arm64' };
  const wanted = aliases[architecture ?? ''] ?? architecture;
  const same =
    os === request.platform.os &&
    wanted === request.platform.architecture &&
    (variant === undefined || request.platform.variant === undefined || variant === request.platform.variant);
  if (platform === '' || same) return;
  fail(request.source, stage.from, `the platform "${platform}" is not this host's "${host}"`, {
    kind: 'not-implemented',
    code: 'DOCKERFILE_UNSUPPORTED',
    hint: 'build it on a host of that platform',
  });
}
