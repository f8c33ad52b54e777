/** What `RUN --mount` asks for, its words expanded. Paths are as written; `from` names a stage, an image or a context. */
export type RunMount = BindMount | CacheMount | TmpfsMount | SecretMount | SshMount;

export interface BindMount {
  readonly type: 'bind';
  readonly from?: string;
  readonly source: string;
  /** Empty: the working folder. */
  readonly target: string;
  /** False: the step may write, and what it writes is lost. */
  readonly readOnly: boolean;
}

export interface CacheMount {
  readonly type: 'cache';
  /** Default: the target. */
  readonly id?: string;
  readonly target: string;
  /** What it begins with, the first time. */
  readonly from?: string;
  readonly source: string;
  readonly readOnly: boolean;
  /** With those who use it at the same time: as many as come, each one of its own, or one after another. */
  readonly sharing: 'shared' | 'private' | 'locked';
  /** Of its folder, when it is made. */
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

export interface TmpfsMount {
  readonly type: 'tmpfs';
  readonly target: string;
  readonly sizeBytes?: number;
}

export interface SecretMount {
  readonly type: 'secret';
  readonly id: string;
  /** The file that has its value; none if it is only a variable. */
  readonly target?: string;
  /** The variable that has its value. */
  readonly env?: string;
  readonly required: boolean;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export interface SshMount {
  readonly type: 'ssh';
  readonly id: string;
  /** The socket; default `/run/buildkit/ssh_agent.N`. */
  readonly target?: string;
  readonly required: boolean;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}
