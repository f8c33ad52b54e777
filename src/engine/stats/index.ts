/**
 * Samples of cgroup and host counters, and the rates made from them.
 *
 *     const stats = createStatsService({ listRunning, dataDir: root.dataDir });
 *     for await (const frame of stats.stream({ signal })) console.log(frame.host.cpuCores);
 * @module
 */
export { type CgroupHierarchy, parseCgroupHierarchy } from './cgroup/hierarchy.ts';
export { parseHostSample } from './host-sample.ts';
export { createStatsService, type StatsServiceOptions } from './stats-service.ts';
export type {
  ContainerSample,
  ContainerUsage,
  HostFacts,
  HostSample,
  HostUsage,
  KernelCheck,
  Neighbour,
  NeighbourEvent,
  Neighbours,
  NeighbourUsage,
  RunningContainer,
  StatsFrame,
  StatsService,
} from './types.ts';
export { containerUsage, hostUsage } from './usage.ts';
