import type { Platform } from '../../../oci/index.ts';
import {
  type DockerfileSource,
  type Instruction,
  type LineRange,
  parseDockerfile,
  parseInstruction,
} from '../dockerfile/index.ts';
import { applyMetadata, workingDirectory } from './apply-metadata.ts';
import { baseKey } from './base-key.ts';
import { fail } from './fail.ts';
import type { BaseImage, Operation, PlanRequest } from './plan.ts';
import { planBase } from './plan-base.ts';
import { planCopy } from './plan-copy.ts';
import { planRun } from './plan-run.ts';
import type { PlannedStage, Planning } from './planning.ts';
import { resolveSource, type SourceLookup } from './resolve-source.ts';
import type { Stage } from './split-stages.ts';
import { type StageState, variablesOf } from './stage-state.ts';
import { givenArg, WordExpander } from './variables.ts';

/** Plans stages on demand: only what the target reaches is ever planned. */
export class StagePlanner {
  readonly usedArgs = new Set<string>();
  readonly #planning: Planning;
  readonly #lookup: SourceLookup;
  readonly #done = new Map<number, PlannedStage | undefined>();

  constructor(planning: Planning) {
    this.#planning = planning;
    const { request, dockerfile } = planning;
    this.#lookup = {
      request,
      dockerfile,
      lastStep: stage => this.plan(stage)?.last,
      image: (name, lines) => this.#image(name, lines, request.platforms.target),
    };
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
    for (const arg of dockerfile.globalArgs.flatMap(instruction => instruction.arguments))
      this.usedArgs.add(arg.name);
    const base = planBase({
      planning: this.#planning,
      stage,
      plan: earlier => this.plan(earlier),
      image: (name, lines, platform) => this.#image(name, lines, platform),
    });
    if (base === undefined) return undefined;
    const triggers = triggersOf(request.source, stage, base.state.config.OnBuild ?? []);
    const { OnBuild: _, ...config } = base.state.config;
    const args = new Map(base.state.args); // a stage that begins with another knows its arguments
    const state: StageState = { ...base.state, config, args, commandSet: false };
    const instructions = [...triggers, ...stage.instructions];
    const steps = new StepList(this.#planning, stage, instructions.length + 1);
    let last = steps.add(stage.from, base.operation, {
      ...(base.parent === undefined ? {} : { parent: base.parent }),
      ...(base.createdBy === undefined ? {} : { createdBy: base.createdBy }),
    });
    for (const instruction of instructions) {
      const step = this.#planInstruction(stage, state, instruction);
      if (step === undefined) return undefined;
      last = standsAlone(step.operation)
        ? steps.addLinked(instruction, step.operation, { parent: last, ...step })
        : steps.add(instruction, step.operation, { parent: last, ...step });
    }
    return { state, last };
  }

  /** A known image; otherwise it is noted as needed. */
  #image(name: string, { start, end }: LineRange, platform: Platform): BaseImage | undefined {
    const { request, needed } = this.#planning;
    const { build, target } = request.platforms;
    const image = request.bases.get(baseKey(name, platform, target));
    const isStrict = platform !== target || target !== build;
    const stages = this.#planning.dockerfile.stages.flatMap(({ from }) => from.alias ?? []);
    if (image === undefined) needed.push({ name, start, end, platform, isStrict, stages });
    return image;
  }

  #planInstruction(
    stage: Stage,
    state: StageState,
    instruction: Instruction,
  ): { operation: Operation; createdBy: string; dependsOn?: readonly number[] } | undefined {
    const { request, dockerfile, globals } = this.#planning;
    const { source } = request;
    const variables = variablesOf(state);
    const expander = new WordExpander({ source, lines: instruction, escape: dockerfile.escape, variables });
    const resolve = (name: string) => resolveSource(this.#lookup, stage, name, instruction);
    switch (instruction.name) {
      case 'FROM':
        return fail(source, instruction, 'FROM cannot stand here');
      case 'RUN':
        return planRun({ state, instruction, expander, source, request, resolve });
      case 'COPY':
      case 'ADD':
        return planCopy({ state, instruction, expander, source, resolve, globals });
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
      const result = givenArg(request.buildArgs, name) ?? fallback ?? state.args.get(name);
      state.args.set(name, result);
      this.usedArgs.add(name);
      return result === undefined ? name : `${name}=${result}`;
    });
    return `ARG ${said.join(' ')}`;
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

  add(instruction: Instruction, operation: Operation, options: StepOptions): number {
    this.#count++;
    return this.#push(instruction, operation, options);
  }

  /** Two steps: the layer, which waits for nothing below it, and its place on top of that. */
  addLinked(
    instruction: Instruction,
    operation: Operation,
    { parent, createdBy, dependsOn = [] }: StepOptions,
  ): number {
    this.#count++;
    const layer = this.#push(instruction, operation, { dependsOn });
    const link = { ...instruction, text: `LINK ${instruction.text}` };
    return this.#push(link, { kind: 'merge', layer }, { parent, createdBy, dependsOn: [layer] });
  }

  #push(instruction: Instruction, operation: Operation, options: StepOptions): number {
    const { drafts, dockerfile } = this.#planning;
    const { parent, createdBy, dependsOn = [] } = options;
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
      noCache: isUncached(this.#planning.request, this.#stage),
    });
    return id;
  }
}

interface StepOptions {
  readonly parent?: number | undefined;
  readonly createdBy?: string | undefined;
  readonly dependsOn?: readonly number[];
}

/** COPY --link looks at nothing below it, unless for the name of an owner. */
function standsAlone(operation: Operation): boolean {
  return operation.kind === 'copy' && operation.link && /^(\d+(:\d+)?)?$/.test(operation.chown ?? '');
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

function isUncached({ noCacheStages }: PlanRequest, { name, index }: Stage): boolean {
  return noCacheStages.some(wanted => wanted.toLowerCase() === name || wanted === String(index));
}
