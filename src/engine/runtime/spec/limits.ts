/** Cgroup limits of one process tree; absent means unlimited. */
export interface ContainerLimits {
  readonly memoryBytes?: number;
  /** Soft: what is set apart for it. */
  readonly memoryReservationBytes?: number;
  /** Memory plus swap; -1: unlimited swap. */
  readonly memorySwapBytes?: number;
  /** Cores, such as 1.5. */
  readonly cpus?: number;
  readonly cpuShares?: number;
  readonly cpusetCpus?: string;
  readonly pids?: number;
}
