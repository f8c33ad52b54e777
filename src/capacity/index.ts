/**
 * From samples to a verdict on load: pure functions over numbers.
 *
 *     const { cpu } = loadLine(frame, limits);
 *     console.log(`${formatCores(cpu.wasted)} of ${formatCores(cpu.capacity)} cores wasted`);
 * @module
 */
export { type AdviceRule, defaultRule } from './advice-rule.ts';
export { type Advice, advise, type ResourceAdvice, type Verdict } from './advise.ts';
export { type AdviceFacts, type AdvisedContainer, adviseAll } from './advise-all.ts';
export { type AdviceSource, adviseFrom } from './advise-from.ts';
export { type AlertFeed, createAlertFeed } from './alerts/alert-feed.ts';
export { defaultAlertRules, parseAlertRule } from './alerts/alert-rule.ts';
export type { Alert, AlertWatchOptions } from './alerts/alert-watch.ts';
export { coreLimit } from './core-limit.ts';
export { type DiskWaste, diskWaste } from './disk-waste.ts';
export {
  advisedLimits,
  type ExportedLimits,
  exportLimits,
  type LimitForm,
  limitForms,
} from './export-limits.ts';
export {
  type Consolidation,
  type ContainerMove,
  consolidate,
  consolidating,
  defaultConsolidation,
  type MachineAfter,
} from './fleet/consolidate.ts';
export {
  type FleetMachine,
  type FleetResource,
  type FleetRow,
  type FleetTable,
  type FleetTotal,
  fleetTable,
} from './fleet/fleet-rows.ts';
export type { ContainerReport, MachineReport, NeedReport, ResourceReport } from './fleet/machine-report.ts';
export { parseReport } from './fleet/parse-report.ts';
export { reportMachine } from './fleet/report-machine.ts';
export { type Grade, gradeOf } from './grade.ts';
export { limitChange, limitRequest, limitWords } from './limit-change.ts';
export {
  type ContainerLoad,
  type LoadLine,
  loadLine,
  neighbourEngines,
  type ResourceLoad,
} from './load-line.ts';
export { type MeasuredContainer, measuredContainers, nameThere } from './measured-containers.ts';
export { type Percentiles, percentilesOf } from './percentiles.ts';
export { monthlyCost, type Prices } from './price.ts';
export { quietContainers, quietFrom } from './quiet-containers.ts';
export { type Fit, whatIf } from './what-if.ts';
