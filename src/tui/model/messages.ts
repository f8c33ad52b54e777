import type { Alert } from '../../capacity/index.ts';
import type {
  BuildProgress,
  BuildRecord,
  BuildRequest,
  ContainerDetails,
  ContainerProcess,
  ContainerSpec,
  ContainerSummary,
  HostFacts,
  ImageDetails,
  ImageSummary,
  ImageWaste,
  LimitChange,
  LimitRequest,
  StatsFrame,
} from '../../engine/index.ts';
import type { FormKind, FormValues } from './forms.ts';
import type { LogStore } from './log-store.ts';
import type {
  CapacityPicture,
  Chart,
  EventRow,
  Notice,
  Operation,
  RemoteEngine,
  State,
  Target,
} from './state.ts';

/** What of the details was on the screen when a key was typed: the first line there, and the most it can be. */
export interface ShownDetail {
  readonly start: number;
  readonly last: number;
}

/** Everything that can happen to the dashboard. */
export type Msg =
  | { readonly type: 'key'; readonly key: string; readonly shown?: ShownDetail }
  | { readonly type: 'paste'; readonly text: string }
  | { readonly type: 'resized'; readonly size: State['size'] }
  | { readonly type: 'ticked'; readonly now: number; readonly own?: State['own'] }
  | { readonly type: 'engine-opened'; readonly remote?: RemoteEngine }
  | { readonly type: 'link-changed'; readonly lost: RemoteEngine['lost'] }
  | { readonly type: 'engine-failed'; readonly notice: Notice }
  | { readonly type: 'facts-read'; readonly facts: HostFacts }
  | { readonly type: 'frame-arrived'; readonly frame: StatsFrame; readonly own?: State['own'] }
  | { readonly type: 'containers-listed'; readonly containers: readonly ContainerSummary[] }
  | { readonly type: 'images-listed'; readonly images: readonly ImageSummary[] }
  | { readonly type: 'builds-listed'; readonly builds: readonly BuildRecord[] }
  | { readonly type: 'events-arrived'; readonly events: readonly EventRow[] }
  | { readonly type: 'details-read'; readonly details: ContainerDetails }
  | {
      readonly type: 'processes-read';
      readonly id: string;
      readonly list: readonly ContainerProcess[];
      readonly error?: string;
    }
  | { readonly type: 'image-read'; readonly image: ImageDetails }
  | { readonly type: 'waste-read'; readonly waste: ImageWaste }
  | { readonly type: 'logs-opened'; readonly container: string; readonly store: LogStore }
  | { readonly type: 'logs-grew'; readonly container: string; readonly ended: boolean }
  | { readonly type: 'build-opened'; readonly build: string; readonly output: LogStore }
  | {
      readonly type: 'build-moved';
      readonly build: string;
      readonly events: readonly BuildProgress[];
      readonly now: number;
    }
  | { readonly type: 'build-announced'; readonly build: string }
  | { readonly type: 'capacity-read'; readonly picture: CapacityPicture }
  | { readonly type: 'alerts-told'; readonly alerts: readonly Alert[] }
  | { readonly type: 'why-read'; readonly chart: Chart }
  | { readonly type: 'undoable-read'; readonly changes: readonly LimitChange[] }
  | { readonly type: 'operation-began'; readonly operation: Operation }
  | { readonly type: 'operation-moved'; readonly id: number; readonly progress: string }
  | { readonly type: 'operation-ended'; readonly id: number; readonly notice?: Notice }
  | { readonly type: 'noticed'; readonly notice: Notice };

/** What one of the engine's verbs is to do to containers. */
export type ContainerVerb = 'start' | 'stop' | 'restart' | 'pause' | 'unpause';

/** What an update asks the effects to do. */
export type Command =
  | { readonly type: 'quit' }
  | { readonly type: 'suspend' }
  | { readonly type: 'redraw' }
  | { readonly type: 'ring' }
  | { readonly type: 'container'; readonly verb: ContainerVerb; readonly targets: readonly Target[] }
  | { readonly type: 'kill'; readonly targets: readonly Target[]; readonly signal: string }
  | { readonly type: 'remove-containers'; readonly targets: readonly Target[]; readonly force: boolean }
  | { readonly type: 'remove-images'; readonly targets: readonly Target[]; readonly force: boolean }
  | { readonly type: 'build'; readonly request: BuildRequest }
  | { readonly type: 'cancel-build'; readonly build: string }
  | { readonly type: 'cancel-operations' }
  | { readonly type: 'run'; readonly spec: ContainerSpec }
  | { readonly type: 'shell'; readonly target: Target }
  | { readonly type: 'failed-shell'; readonly build: string; readonly step: string }
  /** Of all that it wrote, or of the last milliseconds. */
  | { readonly type: 'follow-logs'; readonly container: string; readonly sinceMs?: number }
  | { readonly type: 'read-details'; readonly container: string }
  | { readonly type: 'read-processes'; readonly container: string }
  | { readonly type: 'read-image'; readonly image: string }
  | { readonly type: 'read-waste'; readonly image: string }
  | { readonly type: 'read-capacity'; readonly windowMs: number | undefined; readonly frame: StatsFrame }
  | { readonly type: 'read-why'; readonly target: Target }
  | { readonly type: 'read-undoable' }
  | { readonly type: 'change-limits'; readonly requests: readonly LimitRequest[] }
  | { readonly type: 'undo-limits'; readonly changes: readonly LimitChange[] }
  | { readonly type: 'follow-build'; readonly build: string }
  | { readonly type: 'copy'; readonly text: string }
  /** Lines of output, into a file called after `name`; `what` says of what they are. */
  | {
      readonly type: 'save-lines';
      readonly name: string;
      readonly what: string;
      readonly store: LogStore;
      /** Each with its time (a container's), or the number of its step (a build's). */
      readonly times: boolean;
    }
  | { readonly type: 'save-text'; readonly name: string; readonly what: string; readonly text: string }
  | { readonly type: 'remember-bell'; readonly bell: boolean }
  | { readonly type: 'remember'; readonly form: FormKind; readonly values: FormValues }
  | { readonly type: 'bootstrap'; readonly source: string }
  | { readonly type: 'prune'; readonly what: 'containers' | 'images' | 'build-cache' }
  | { readonly type: 'demo'; readonly direction: 'up' | 'down' };

/** A state and what is to be done next. */
export type Next = readonly [state: State, commands: readonly Command[]];
