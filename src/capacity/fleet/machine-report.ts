/** How one resource of a machine is spent: cores or bytes. */
export interface ResourceReport {
  readonly capacity: number;
  readonly used: number;
  readonly usedByContainers: number;
  /** What is set apart for containers; more than the capacity where more is promised than there is. */
  readonly reserved: number;
  /** What the machine has used over days, where that was recorded. */
  readonly p95?: number;
  readonly peak?: number;
  /** What is left of that without containers: its system, and whatever else runs there. */
  readonly restP95?: number;
  readonly restPeak?: number;
}

/** What one container has used, and what it needs where enough was recorded for advice. */
export interface NeedReport {
  readonly p95: number;
  readonly peak: number;
  readonly needed?: number;
}

/** A container of a machine of the fleet. */
export interface ContainerReport {
  readonly name: string;
  /** In cores. */
  readonly cpu: NeedReport;
  /** In bytes. */
  readonly memory: NeedReport;
  /** Containers of one group want to be on different machines. */
  readonly apart?: string;
  /** It stays where it is. */
  readonly pinned?: true;
}

/** What one machine of a fleet says of itself at one moment. */
export interface MachineReport {
  /** Milliseconds since the epoch, by the clock of that machine. */
  readonly time: number;
  readonly hostname: string;
  /** What it is: `physical`, a hypervisor, a cloud's VM type. */
  readonly machine: string;
  /** In cores. */
  readonly cpu: ResourceReport;
  /** In bytes. */
  readonly memory: ResourceReport;
  /** How many seconds the percentiles stand on, where the source tells. */
  readonly observedSeconds?: number;
  /** How many run. */
  readonly running: number;
  /** What is known of each of them; absent where the source does not tell, or has not told yet. */
  readonly containers?: readonly ContainerReport[];
}
