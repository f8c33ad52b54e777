/**
 * The container state machine and its verbs.
 *
 *     const { id } = await containers.create({ image: 'localhost/busybox', command: ['echo', 'ahoy'] });
 *     await containers.start(id);
 *     const code = await containers.wait(id);
 * @module
 */
export { attachForInput } from './attach-for-input.ts';
export { type ContainerParts, type ContainerUpkeep, createContainerService } from './container-service.ts';
export type { ExecDetails, ExecService, ExecSpec, StartedExec } from './exec/types.ts';
export type { CommitRequest, ContainerFiles, FileChange, PathFacts, WriteOptions } from './files/types.ts';
export type {
  Health,
  HealthAction,
  HealthCheck,
  HealthResult,
  HealthSpec,
  HealthStatus,
} from './health/types.ts';
export { parseSignal } from './stop.ts';
export { TransitionError, transitions } from './transitions.ts';
export type {
  Attachment,
  ContainerChange,
  ContainerDetails,
  ContainerMount,
  ContainerProcess,
  ContainerService,
  ContainerSpec,
  ContainerState,
  ContainerStatus,
  ContainerSummary,
  ExecProcess,
  ExecRequest,
  LogDriver,
  LogEntry,
  LogOptions,
  LogSpec,
  NetworkAttachment,
  ProcessTable,
  PruneOptions,
  RestartPolicy,
  StopOptions,
} from './types.ts';
