/**
 * The one door to the engine.
 *
 *     await using engine = await createEngine({ root: resolveRoot({ env: process.env, uid: 0 }) });
 *     const { image } = await engine.builds.build({ context: '/srv/app', tags: ['app'] });
 * @module
 */
export { packTree, TreeRoot, unpackTree } from './archive/index.ts';
export type * from './build/index.ts';
export { packContext } from './build/index.ts';
export type * from './container/index.ts';
export { attachForInput } from './container/index.ts';
export { createEngine, type EngineOptions, runInternal } from './create-engine.ts';
export {
  examineHost,
  type Finding,
  type HostTool,
  type Installation,
  installTools,
  lackedTools,
} from './doctor/index.ts';
export type { Engine, EngineFeature, EngineLink } from './engine.ts';
export type * from './events/index.ts';
export type * from './history/index.ts';
export { createHistoryService, machineId } from './history/index.ts';
export type * from './image/index.ts';
export { neitherHereNorThere } from './image/index.ts';
export {
  arriveInNamespaces,
  caller,
  enterNamespaces,
  notifyServiceManager,
  type PeerCredentials,
  peerOf,
} from './kernel/index.ts';
export type { LimitChange, LimitOutcome, LimitRequest, LimitService } from './limits/index.ts';
export type * from './network/index.ts';
export type {
  FoundRepository,
  LoginRequest,
  RegistryAccess,
  RegistryService,
  RemoteManifest,
} from './registry/index.ts';
export { createRegistryService, findCredential } from './registry/index.ts';
export type { ContainerLimits } from './runtime/index.ts';
export type * from './stats/index.ts';
export { containerUsage, createStatsService, hostUsage, parseHostSample } from './stats/index.ts';
export { type Root, resolveRoot } from './store/index.ts';
export type {
  CheckProblem,
  DiskCategory,
  DiskUsage,
  ImageUsage,
  OrphanUsage,
  SystemInfo,
  SystemPruned,
  SystemPruneRequest,
  SystemService,
} from './system/index.ts';
export type { Unit, UnitPlan, UnitRequest, UnitService } from './units/index.ts';
export type * from './volume/index.ts';
