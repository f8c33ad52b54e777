/**
 * Runs a process from an OCI spec: spec, seccomp filter, runtime binary, monitor.
 *
 *     const runtime = createRuntime({ runDir: root.runDir });
 *     const code = await runtime.runToEnd({ bundle, process, onOutput: (stream, chunk) => show(chunk) });
 * @module
 */

export { findCdiDevices, gpuDevices } from './cdi/find-cdi.ts';
export {
  cgroupFolder,
  cgroupProcesses,
  clearCgroup,
  holdFrozen,
  oomKills,
  pathOfCgroup,
  removeCgroup,
  setFrozen,
  unlimitCpu,
  unlimitProcesses,
} from './cgroup.ts';
export { createRuntime } from './create-runtime.ts';
export { findInit } from './find-init.ts';
export { flushedOutput } from './flushed-output.ts';
export { execExitCode, execPid, isExecMonitored, startExecMonitor } from './monitor/start-exec-monitor.ts';
export {
  type MonitorLog,
  type MonitorRequest,
  resizeTerminal,
  startMonitor,
} from './monitor/start-monitor.ts';
export { errorLines, startError } from './runtime-error.ts';
export { resolveCapabilities } from './spec/capabilities.ts';
export { parseDeviceRule, type RequestedDevice } from './spec/devices.ts';
export { findDevices, readHostFeatures } from './spec/host-features.ts';
export { type ContainerLimits, type DeviceRate, validateLimits } from './spec/limits.ts';
export type { NamespaceMode } from './spec/namespace-mode.ts';
export type { OciProcess, OciSpec } from './spec/oci-spec.ts';
export { validateSysctls } from './spec/sysctls.ts';
export type { ExecOptions, ProcessMount, ProcessRequest, Runtime, Ulimit } from './types.ts';
export type { ResolvedUser } from './user/parse-user.ts';
export { resolveGroups } from './user/resolve-groups.ts';
export { resolveUser } from './user/resolve-user.ts';
export { userToBe } from './user/user-to-be.ts';
