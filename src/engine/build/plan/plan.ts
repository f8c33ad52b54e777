import type { ImageConfig, ImageProcessConfig, Platform } from '../../../oci/index.ts';
import type { BuildStep } from '../build-step.ts';
import type {
  BindMount,
  CacheMount,
  DockerfileSource,
  GitSource,
  LineRange,
  SecretMount,
  SshMount,
  TmpfsMount,
} from '../dockerfile/index.ts';

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
  readonly platforms: BuildPlatforms;
  readonly network: StepNetwork;
  /** Lines of /etc/hosts in RUN steps, `name:address`. */
  readonly hosts: readonly string[];
  /** What RUN may have beyond a sandbox: its `--network=host` and `--security=insecure`. */
  readonly allow: ReadonlySet<'network.host' | 'security.insecure'>;
  /** Secrets that are there, by id; their values are not the plan's business. */
  readonly secrets: ReadonlySet<string>;
  readonly ssh: ReadonlySet<string>;
  /** Contexts by name, which take the place of stages and images of that name. */
  readonly contexts: ReadonlyMap<string, NamedContext>;
  /** Stages whose steps the cache does not serve, by name or number. */
  readonly noCacheStages: readonly string[];
  /** Images by `baseKey`, as far as they are known. */
  readonly bases: ReadonlyMap<string, BaseImage>;
}

export interface BuildPlatforms {
  /** Of this host. */
  readonly build: Platform;
  /** What the image is built for. */
  readonly target: Platform;
  /** What RUN can run here, as `linux/arm64`: the host's own, and those with an emulator. */
  readonly runnable: readonly string[];
}

/** What `--build-context NAME=…` stands for: a folder, or an image by its reference. */
export type NamedContext =
  | { readonly kind: 'folder' }
  | { readonly kind: 'image'; readonly reference: string };

/** Planning asks for images one after another: an ONBUILD trigger in one may name the next. */
export type PlanResult =
  | { readonly kind: 'needs-images'; readonly images: readonly NeededImage[] }
  | { readonly kind: 'planned'; readonly plan: BuildPlan };

export interface NeededImage extends LineRange {
  readonly name: string;
  readonly platform: Platform;
  /** The platform was asked for by name: another one is an error. */
  readonly isStrict: boolean;
  /** Stages, one of which may have been meant. */
  readonly stages: readonly string[];
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
  readonly platform: Platform;
  /** What the user should know, each a sentence. */
  readonly warnings: readonly string[];
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
  /** It is carried out whatever the cache has. */
  readonly noCache: boolean;
}

/** Where files are taken from. */
export type FileSource =
  /** The build context, or the folder of a named one. */
  | { readonly kind: 'context'; readonly name?: string }
  | { readonly kind: 'stage'; readonly step: number }
  | { readonly kind: 'image'; readonly image: BaseImage };

export type StepNetwork = 'bridge' | 'host' | 'none';

/** What a step does to the filesystem. */
export type Operation =
  | { readonly kind: 'base'; readonly image?: BaseImage }
  /** FROM a stage: the parent's state as it is. */
  | { readonly kind: 'stage' }
  /** Changes the config alone. */
  | { readonly kind: 'metadata' }
  /** Puts a layer that stands on its own (COPY --link) on top of the parent's. */
  | { readonly kind: 'merge'; readonly layer: number }
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
  /** Everything that the caller may do, not a sandbox. */
  readonly privileged: boolean;
  readonly hosts: readonly string[];
  readonly hostname?: string;
  readonly mounts: readonly MountOperation[];
  /** A here-document that begins with `#!`: it is the program. */
  readonly script?: string;
}

/** A mount of a RUN step: targets are absolute, sources resolved. */
export type MountOperation =
  | (Omit<BindMount, 'from'> & { readonly from: FileSource })
  | (Omit<CacheMount, 'from'> & { readonly id: string; readonly from?: FileSource })
  | TmpfsMount
  | SecretMount
  | (SshMount & { readonly target: string });

/** What one source of a COPY or ADD is. */
export type CopySource =
  /** A path or pattern relative to the root of `from`. */
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'git'; readonly written: string; readonly git: GitSource };

export interface CopyOperation {
  readonly kind: 'copy';
  readonly from: FileSource;
  readonly sources: readonly CopySource[];
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
  /** The layer stands on its own: nothing below it decides it, or is looked at. */
  readonly link: boolean;
}

export interface WorkdirOperation {
  readonly kind: 'workdir';
  readonly path: string;
  /** Owner of folders that it makes; empty for root. */
  readonly user: string;
}
