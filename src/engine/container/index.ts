/**
 * The container state machine and its verbs.
 * @module
 */
export type {
  Attachment,
  ContainerDetails,
  ContainerMount,
  ContainerProcess,
  ContainerService,
  ContainerSpec,
  ContainerState,
  ContainerStatus,
  ContainerSummary,
  ExecRequest,
  LogEntry,
  LogOptions,
  RestartPolicy,
} from './types.ts';
