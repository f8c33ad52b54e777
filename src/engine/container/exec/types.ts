import type { Attachment, ExecRequest } from '../types.ts';

/** A further command in a container, as docker's API makes one before it is started. */
export interface ExecSpec
  extends Pick<ExecRequest, 'command' | 'tty' | 'env' | 'user' | 'workdir' | 'privileged'> {
  /** Its input is open for who is attached when it starts; else it has none. */
  readonly openStdin?: boolean;
  readonly stdout?: boolean;
  readonly stderr?: boolean;
  /** As docker writes them, `ctrl-p,ctrl-q`: for who attaches to its terminal. */
  readonly detachKeys?: string;
}

export interface ExecDetails {
  /** 64 hexadecimal digits. */
  readonly id: string;
  /** Id of its container. */
  readonly container: string;
  readonly spec: ExecSpec;
  readonly status: 'created' | 'running' | 'ended';
  /** As the host numbers it, from its start on; undefined where that failed, or is not known. */
  readonly pid?: number;
  /** Once it has ended; 137 where it was killed with its container, -1 where nobody knows. */
  readonly exitCode?: number;
}

/** A command that has just been started. */
export interface StartedExec {
  /** Its streams from the first byte on, where they were asked for. Closing it leaves the command alone. */
  readonly attachment?: Attachment;
  /** Resolves with the exit code when the end is recorded; undefined: its streams have ended, and it goes on. */
  readonly ended: Promise<number | undefined>;
  /** Does not wait for its end any longer. The next process that looks records it. */
  leave(): void;
}

/**
 * Commands in containers that outlive whoever started them, like containers do: a monitor holds their terminal and
 * leaves their exit code, and any process of the root can look at them. What has ended is remembered for five minutes.
 * Throws `not-found` (`EXEC_NOT_FOUND`) for an id that is not, or no longer, known.
 */
export interface ExecService {
  /** Throws `conflict` (`CONTAINER_STATE`) if the container does not run, `invalid-argument` (`NO_COMMAND`). */
  create(container: string, spec: ExecSpec): Promise<ExecDetails>;
  inspect(id: string): Promise<ExecDetails>;
  /**
   * Runs it. Throws `conflict` (`EXEC_STATE`) if it was started before, `COMMAND_NOT_FOUND` or `COMMAND_NOT_EXECUTABLE` if
   * it could not be started: then it has ended with 127 or 126.
   */
  start(id: string, options?: { attach?: boolean; terminalSize?: TerminalSize }): Promise<StartedExec>;
  /** Changes the size of its terminal; does nothing where there is none, or it does not run. */
  resize(id: string, size: TerminalSize): Promise<void>;
  /** Announces that somebody has left it running. */
  detached(id: string): Promise<void>;
}

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}
