import type { FleetMachine, MachineReport } from '../capacity/index.ts';

/** What a source tells of a machine. */
export type FleetEvent =
  | {
      readonly type: 'report';
      readonly machine: string;
      readonly report: MachineReport;
      /** When that was measured, where the source had it for a while: milliseconds since the epoch. Default: now. */
      readonly seen?: number;
    }
  | { readonly type: 'silent'; readonly machine: string; readonly problem: string };

/**
 * Where figures of machines come from. It tells of what fails as an event and tries again, with growing patience; it
 * never rejects, and resolves soon after the signal has fired.
 */
export interface FleetSource {
  /** Of the machine, or of the server that knows several. */
  readonly name: string;
  /** What it is known to have before it has answered. */
  readonly machines: readonly Pick<FleetMachine, 'name' | 'monthlyPrice' | 'keep'>[];
  watch(options: { readonly signal: AbortSignal; readonly emit: (event: FleetEvent) => void }): Promise<void>;
}

/** A machine that is reached over ssh. */
export interface SshMachine {
  readonly name: string;
  /** `user@host`, or what `~/.ssh/config` knows. */
  readonly target: string;
  readonly port?: number;
  /** What is called there. Default: `plimsoll`. */
  readonly command?: string;
  /** What is called instead, where there is no plimsoll: `docker`, `sudo podman`. */
  readonly engine?: string;
  /** The root to watch there. */
  readonly root?: string;
  readonly monthlyPrice?: number;
  /** It is not to be emptied. */
  readonly keep?: true;
}

/** A Prometheus server that scrapes `plimsoll metrics`, or cAdvisor. */
export interface PrometheusServer {
  /** Without `/api/v1`. */
  readonly url: URL;
  /** A file that holds a bearer token. */
  readonly tokenFile?: string;
}

/** A Kubernetes cluster. */
export interface KubernetesCluster {
  /** Of the kubeconfig; default: its current one. */
  readonly context?: string;
  /** Default: as kubectl finds it. */
  readonly kubeconfig?: string;
}

/** Which machines there are. */
export interface FleetConfig {
  readonly machines: readonly SshMachine[];
  readonly prometheus: readonly PrometheusServer[];
  readonly kubernetes: readonly KubernetesCluster[];
  /** Seconds between reports. */
  readonly everySeconds: number;
  /** Another file than `~/.ssh/config`. */
  readonly sshConfig?: string;
}
