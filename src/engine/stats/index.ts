/**
 * Samples of cgroup and host counters, and the rates made from them.
 * @module
 */
export type {
  ContainerSample,
  ContainerUsage,
  HostFacts,
  HostSample,
  HostUsage,
  StatsFrame,
  StatsService,
} from './types.ts';
