/** The environment of a process. */
export type Env = Readonly<Record<string, string | undefined>>;

/** A name for a way to an engine. */
export interface StoredContext {
  readonly name: string;
  readonly description: string;
  /** `unix:///PATH`, `tcp://HOST:PORT`, `ssh://USER@HOST`. */
  readonly host: string;
  /** Take any certificate of the engine. */
  readonly skipVerify: boolean;
}

/** PEM files for a connection over TCP: what the engine's is checked by, and what it knows us by. */
export interface ContextTls {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
  readonly skipVerify?: boolean;
}

/** An engine elsewhere, and by what it was chosen. */
export interface EngineTarget {
  readonly address: string;
  readonly tls?: ContextTls;
  /** `--host`, `DOCKER_HOST`, or `context NAME`. */
  readonly chosenBy: string;
}
