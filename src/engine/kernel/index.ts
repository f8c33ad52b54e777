/**
 * What the engine asks of Linux: spawning host commands, process identity, locks, atomic files, mounts, extended
 * attributes. Every other folder reaches the kernel through here, so that a trap has to be learned only once.
 * @module
 */

export { adopt } from './adopt.ts';
export { replaceFile, syncDirectory, writeFileAtomic } from './atomic-file.ts';
export { type Caller, caller, callerVariable } from './caller.ts';
export {
  cgroupOfRoot,
  cgroupsOfRoot,
  cgroupVersion,
  hasCgroups,
  mayHaveCgroups,
  systemdRuns,
} from './cgroup-tree.ts';
export { deviceNumbers, isDeviceNumber } from './device-numbers.ts';
export { findExecutable, findInFolders } from './find-executable.ts';
export { foreignAddresses } from './foreign-addresses.ts';
export { mountFuseOverlay } from './fuse-overlay.ts';
export { isGoingDown } from './is-going-down.ts';
export { foldersIn, namesIn } from './list-folder.ts';
export { type LockOptions, takeLock, withLock } from './lock.ts';
export { makeFolder } from './make-folder.ts';
export {
  bindMount,
  findMount,
  type MountEntry,
  mountOverlay,
  mountsBelow,
  mountTmpfs,
  type OverlayRequest,
  unmount,
} from './mount.ts';
export { processesOf } from './namespace-processes.ts';
export { arriveInNamespaces, enterNamespaces } from './namespaces/enter-namespaces.ts';
export { subordinateIds, userName } from './namespaces/subordinate-ids.ts';
export { type Native, preloadNative } from './native.ts';
export {
  type BindSocket,
  createNetworkNamespace,
  enterNetworkNamespace,
  openRouteSocket,
} from './network-namespace.ts';
export { openPrivateMounts, type PrivateMounts } from './private-mounts.ts';
export { bootId, identify, isAlive, type ProcessIdentity } from './process.ts';
export { openPseudoTerminal, type PseudoTerminal } from './pseudo-terminal.ts';
export { resolveInRoot } from './resolve-in-root.ts';
export { notifyServiceManager, type PeerCredentials, peerOf } from './service-manager.ts';
export {
  type ChildProcess,
  commandError,
  type RunOptions,
  type RunResult,
  run,
  runOrThrow,
  type StdioOptions,
  start,
} from './spawn.ts';
export { isStaticElf } from './static-elf.ts';
export {
  FAILED,
  loadStreamCalls,
  PEER_ENDED,
  READABLE,
  type StreamCalls,
  WRITABLE,
} from './stream-calls.ts';
export { makeUserRunFolder, userRunFolder } from './user-folder.ts';
export { isContentXattr, readXattr, readXattrs } from './xattr.ts';
