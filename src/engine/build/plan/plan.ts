import type { ImageConfig, ImageProcessConfig, Platform } from '../../../oci/index.ts';
import type { DockerfileSource, LineRange } from '../dockerfile/index.ts';
import type { BuildStep } from '../types.ts';

/** An image that a stage starts from or copies from. `layers` are diffIDs, base first. */
export interface BaseImage {
  readonly id: string;
  readonly layers: readonly string[];
  readonly config: ImageConfig;
}

/** All that decides a plan besides the text. */
export interface PlanRequest {
  readonly source: DockerfileSource;
  /** A stage's name or number; default the last one. */
  readonly target?: string;
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** What images are built for, and where steps run. */
  readonly platform: Platform;
  readonly network: StepNetwork;
  /** Images by the name that the Dockerfile uses, as far as they are known. */
  readonly bases: ReadonlyMap<string, BaseImage>;
}

/** Planning asks for images one after another: an ONBUILD trigger in one may name the next. */
export type PlanResult =
  | { readonly kind: 'needs-images'; readonly images: readonly NeededImage[] }
  | { readonly kind: 'planned'; readonly plan: BuildPlan };

export interface NeededImage extends LineRange {
  readonly name: string;
}

/** The graph of a build: every step of every stage that the target needs. */
export interface BuildPlan {
  /** `steps[n].id === n`; a step depends on earlier ones only. */
  readonly steps: readonly Vertex[];
  /** The step whose state is the image. */
  readonly result: number;
  /** The image's config, without what only the result knows (layers, history). */
  readonly config: ImageProcessConfig;
  readonly author?: string;
  /** Build arguments that no ARG of the used stages declares. */
  readonly unusedArgs: readonly string[];
}

/** A step as the solver sees it. */
export interface Vertex extends BuildStep, LineRange {
  /** The step whose filesystem this one goes on with; none for the first of a stage. */
  readonly parent?: number;
  readonly operation: Operation;
  /** What the image's history says of it; none for FROM. */
  readonly createdBy?: string;
  /** Stage and unexpanded text: the same step in an earlier build has the same identity. */
  readonly identity: string;
}

export type StepNetwork = 'bridge' | 'host' | 'none';

/** What a step does to the filesystem. */
export type Operation =
  | { readonly kind: 'base'; readonly image?: BaseImage }
  /** FROM a stage: the parent's state as it is. */
  | { readonly kind: 'stage' }
  /** Changes the config alone. */
  | { readonly kind: 'metadata' }
  | RunOperation
  | CopyOperation
  | WorkdirOperation;

export interface RunOperation {
  readonly kind: 'run';
  readonly args: readonly string[];
  /** ENV of the image. */
  readonly env: Readonly<Record<string, string>>;
  /** Declared ARGs with a value, which no ENV hides. */
  readonly buildArgs: Readonly<Record<string, string>>;
  /** Proxy arguments that were given but not declared: they reach the process and decide nothing. */
  readonly proxyArgs: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** As USER says it; empty for root. */
  readonly user: string;
  readonly network: StepNetwork;
  /** A here-document that begins with `#!`: it is the program. */
  readonly script?: string;
}

export interface CopyOperation {
  readonly kind: 'copy';
  readonly from:
    | { readonly kind: 'context' }
    | { readonly kind: 'stage'; readonly step: number }
    | { readonly kind: 'image'; readonly image: BaseImage };
  /** Paths or patterns relative to the source's root; for ADD also URLs. */
  readonly sources: readonly string[];
  readonly inline: readonly { readonly name: string; readonly content: string }[];
  /** Absolute; ends with `/` if it must be a folder. */
  readonly destination: string;
  readonly chown?: string;
  readonly chmod?: string;
  readonly exclude: readonly string[];
  readonly parents: boolean;
  /** Only ADD: unpack archives: local ones (`archives`), also downloaded ones, or none. */
  readonly unpack: 'never' | 'archives' | 'always';
  readonly checksum?: string;
}

export interface WorkdirOperation {
  readonly kind: 'workdir';
  readonly path: string;
  /** Owner of folders that it makes; empty for root. */
  readonly user: string;
}
