/**
 * Runs a process from an OCI spec: spec, seccomp filter, runtime binary, monitor.
 * @module
 */

export type { ContainerLimits } from './spec/limits.ts';
export type { ProcessMount, ProcessRequest, Runtime } from './types.ts';
