import type { AdvisedContainer, Alert, ExportedLimits, LoadLine, Percentiles } from '../../capacity/index.ts';
import type {
  BuildRecord,
  ContainerDetails,
  ContainerProcess,
  ContainerSummary,
  ContainerUsage,
  EngineFeature,
  HistoryPoint,
  HostFacts,
  HostUsage,
  ImageDetails,
  ImageSummary,
  ImageWaste,
  LimitChange,
  LimitRequest,
  StatsFrame,
} from '../../engine/index.ts';
import type { BuildView } from './build-view.ts';
import type { FormState, FormValues } from './forms.ts';
import type { LogStore } from './log-store.ts';

/** What the main list shows. */
export type Noun = 'containers' | 'images' | 'builds' | 'events' | 'capacity';
export const nouns: readonly Noun[] = ['containers', 'images', 'builds', 'events', 'capacity'];

/** Tabs of the pane below the list, for each kind of thing. */
export const detailTabs = {
  containers: ['logs', 'stats', 'inspect', 'top', 'env'],
  images: ['layers', 'config'],
  builds: ['steps', 'log'],
  events: ['details'],
  capacity: ['machine', 'why'],
} as const satisfies Readonly<Record<Noun, readonly string[]>>;

/** The last minutes of one thing, oldest first, a value for each frame. */
export interface History {
  readonly cpuCores: readonly number[];
  readonly memoryBytes: readonly number[];
  readonly rxPerSecond: readonly number[];
  readonly txPerSecond: readonly number[];
  readonly readPerSecond: readonly number[];
  readonly writePerSecond: readonly number[];
}
export const emptyHistory: History = {
  cpuCores: [],
  memoryBytes: [],
  rxPerSecond: [],
  txPerSecond: [],
  readPerSecond: [],
  writePerSecond: [],
};
export const historyLength = 180;

/** How one list is looked at. */
export interface ListView {
  readonly selected: string | undefined;
  readonly filter: string;
  readonly sort: { readonly key: string; readonly descending: boolean };
  readonly marked: ReadonlySet<string>;
}

/** The logs of a container, and how they are looked at. */
export interface LogView {
  readonly container: string;
  readonly store: LogStore;
  /** Grows with what is in the store. */
  readonly version: number;
  /** Number of the top line on screen; undefined: the end is followed. */
  readonly top: number | undefined;
  readonly left: number;
  readonly wrap: boolean;
  readonly timestamps: boolean;
  readonly search: string;
  /** Numbers of matching lines, newest first. */
  readonly matches: readonly number[];
  readonly ended: boolean;
}

/** A chart of one thing over a time, in milliseconds since the epoch; what was not measured has no point. */
export interface Chart {
  readonly id: string;
  readonly name: string;
  readonly since: number;
  readonly until: number;
  readonly points: readonly HistoryPoint[];
}

/** What the capacity pane shows: advice, and how the machine was used. */
export interface CapacityPicture {
  readonly readAt: number;
  /** As advice has them: what lacks something first, then by what would be saved. */
  readonly advised: readonly AdvisedContainer[];
  readonly machine: Chart;
  /** What the machine used in the time that advice looks at; absent where nothing was recorded. */
  readonly machineUse?: { readonly cpu: Percentiles; readonly memory: Percentiles };
  /** Those that used most, the largest first. */
  readonly topCpu: readonly Chart[];
  readonly topMemory: readonly Chart[];
}

/** Times that the charts of the capacity pane may show, in milliseconds. */
export const chartWindows: readonly number[] = [
  300_000,
  3_600_000,
  6 * 3_600_000,
  86_400_000,
  7 * 86_400_000,
  31 * 86_400_000,
];

/** One event, ready to be read. */
export interface EventRow {
  readonly seq: number;
  readonly time: number;
  readonly type: string;
  readonly action: string;
  readonly id: string;
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** Something that was asked for and is not done. */
export interface Operation {
  readonly id: number;
  /** `stopping web`. */
  readonly label: string;
  /** What it works on: the row shows it. */
  readonly target: string;
  readonly started: number;
  readonly progress?: string;
  readonly cancellable: boolean;
}

/** One sentence for the user, with what to do next. */
export interface Notice {
  readonly tone: 'good' | 'warn' | 'bad';
  readonly text: string;
  readonly hint?: string;
  readonly time: number;
}

/** What lies over the panes and takes the keys. */
export type Overlay =
  | { readonly kind: 'help' | 'alerts'; readonly scroll: number }
  | { readonly kind: 'palette'; readonly text: string; readonly index: number }
  | { readonly kind: 'choice'; readonly choice: Choice; readonly index: number }
  | { readonly kind: 'form'; readonly form: FormState };

/** A question with a few answers. */
export type Choice =
  | { readonly of: 'signal'; readonly targets: readonly Target[] }
  | { readonly of: 'sort'; readonly noun: Noun }
  | { readonly of: 'since' }
  | {
      readonly of: 'remove';
      readonly noun: Noun;
      readonly targets: readonly Target[];
      readonly force: boolean;
    }
  | { readonly of: 'apply'; readonly requests: readonly LimitRequest[]; readonly preview: readonly string[] }
  | { readonly of: 'undo'; readonly changes: readonly LimitChange[]; readonly preview: readonly string[] }
  /** Advised limits, to be taken elsewhere. */
  | { readonly of: 'copy'; readonly limits: readonly ExportedLimits[] }
  | { readonly of: 'quit' };

/** A thing that an action is for: what the engine calls it, and what people do. */
export interface Target {
  readonly id: string;
  readonly name: string;
}

/** A text being typed at the bottom line. */
export interface Prompt {
  readonly of: 'filter' | 'search';
  readonly text: string;
}

/** An engine elsewhere, as the dashboard shows it. */
export interface RemoteEngine {
  readonly address: string;
  readonly product: string;
  /** Why it cannot do something, a sentence each. */
  readonly lacks: Readonly<Partial<Record<EngineFeature, string>>>;
  /** Since when it has not answered, and why; undefined while it does. */
  readonly lost: { readonly since: number; readonly reason: string } | undefined;
}

/** Everything the dashboard knows. Immutable, but for the bytes in log stores. */
export interface State {
  readonly size: { readonly columns: number; readonly rows: number };
  /** Milliseconds since the epoch, as of the last tick. */
  readonly now: number;
  readonly hostname: string;
  readonly engine: 'opening' | 'ready' | 'failed';
  /** How the engine is reached, where it is not this process's own. */
  readonly remote: RemoteEngine | undefined;
  readonly facts: HostFacts | undefined;
  readonly host: HostUsage | undefined;
  readonly load: LoadLine | undefined;
  readonly hostHistory: History;
  /** When the last frame of figures came. */
  readonly frameTime: number | undefined;
  readonly containers: readonly ContainerSummary[];
  /** Of neighbours too. */
  readonly usages: ReadonlyMap<string, ContainerUsage>;
  /** Containers of other engines on this machine. */
  readonly neighbours: StatsFrame['neighbours'];
  readonly histories: ReadonlyMap<string, History>;
  readonly images: readonly ImageSummary[];
  readonly builds: readonly BuildRecord[];
  readonly events: readonly EventRow[];
  readonly showAll: boolean;
  readonly noun: Noun;
  readonly focus: 'list' | 'detail';
  readonly zoomed: boolean;
  readonly lists: Readonly<Record<Noun, ListView>>;
  readonly tabs: Readonly<Record<Noun, number>>;
  /**
   * Lines that the detail pane (but for a container's logs) is scrolled by, infinity: to its end; undefined: to where
   * something happens.
   */
  readonly detailScroll: number | undefined;
  readonly logs: LogView | undefined;
  /** Of how many of the last milliseconds logs are read; undefined: of all. */
  readonly logSince: number | undefined;
  readonly details: ContainerDetails | undefined;
  readonly processes:
    | { readonly id: string; readonly list: readonly ContainerProcess[]; readonly error?: string }
    | undefined;
  readonly image: ImageDetails | undefined;
  readonly imageWaste: ImageWaste | undefined;
  readonly build: BuildView | undefined;
  readonly capacity: CapacityPicture | undefined;
  /** Which of `chartWindows` is wanted; until somebody chooses, the one that all that was recorded fits in. */
  readonly chartWindow: number | undefined;
  /** Of the container whose advice is explained. */
  readonly why: Chart | undefined;
  readonly alerts: {
    /** Newest first. */
    readonly firing: readonly Alert[];
    /** All that was told, the newest first, also of what is over. */
    readonly past: readonly Alert[];
    readonly bell: boolean;
    readonly rangAt: number;
  };
  readonly operations: readonly Operation[];
  readonly notice: Notice | undefined;
  readonly overlay: Overlay | undefined;
  readonly prompt: Prompt | undefined;
  /** What was last entered in each form. */
  readonly remembered: Readonly<Partial<Record<'build' | 'run', FormValues>>>;
  readonly own: { readonly cpuPercent: number; readonly residentBytes: number } | undefined;
}

/** The state before anything is known. */
export function initialState(start: {
  readonly size: State['size'];
  readonly now: number;
  readonly hostname: string;
  readonly remembered?: State['remembered'];
  readonly bell?: boolean;
}): State {
  return {
    size: start.size,
    now: start.now,
    hostname: start.hostname,
    engine: 'opening',
    remote: undefined,
    facts: undefined,
    host: undefined,
    load: undefined,
    hostHistory: emptyHistory,
    frameTime: undefined,
    containers: [],
    usages: new Map(),
    neighbours: undefined,
    histories: new Map(),
    images: [],
    builds: [],
    events: [],
    showAll: true,
    noun: 'containers',
    focus: 'list',
    zoomed: false,
    lists: {
      containers: emptyList({ key: 'state', descending: false }),
      images: emptyList({ key: 'created', descending: true }),
      builds: emptyList({ key: 'started', descending: true }),
      events: emptyList({ key: 'time', descending: true }),
      capacity: emptyList({ key: 'advice', descending: false }),
    },
    tabs: { containers: 0, images: 0, builds: 0, events: 0, capacity: 0 },
    detailScroll: undefined,
    logs: undefined,
    logSince: undefined,
    details: undefined,
    processes: undefined,
    image: undefined,
    imageWaste: undefined,
    build: undefined,
    capacity: undefined,
    chartWindow: undefined,
    why: undefined,
    alerts: { firing: [], past: [], bell: start.bell ?? true, rangAt: Number.NEGATIVE_INFINITY },
    operations: [],
    notice: undefined,
    overlay: undefined,
    prompt: undefined,
    remembered: start.remembered ?? {},
    own: undefined,
  };
}

function emptyList(sort: ListView['sort']): ListView {
  return { selected: undefined, filter: '', sort, marked: new Set() };
}
