import type { FleetMachine, Prices } from '../capacity/index.ts';
import type { EngineTarget } from '../contexts/index.ts';
import type { Engine, Root } from '../engine/index.ts';

/** A stream that a command writes to; `process.stdout` is one. */
export interface Output {
  write(data: string | Uint8Array): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

/** Where to serve the engine, and until when. */
export interface ApiOptions {
  readonly host: string;
  readonly tls?: { readonly ca: Buffer; readonly cert: Buffer; readonly key: Buffer } | undefined;
  readonly group?: string | undefined;
  readonly policy?: string | undefined;
  readonly audit?: string | undefined;
  readonly version: string;
  readonly signal: AbortSignal;
  /** Told when clients can connect. */
  readonly onReady: (address: string) => void;
}

/** Other engines on this machine whose containers are measured too. */
export interface NeighbourChoice {
  /** Addresses, beside the usual sockets. */
  readonly also: readonly string[];
  /** Told of one of them that does not answer. */
  readonly report?: (error: unknown) => void;
}

/** A fleet as the pane for it takes it. */
export interface FleetPane {
  readonly silentAfterMs: number;
  readonly prices?: Prices;
  machines(): readonly FleetMachine[];
  /** Lends the terminal to the dashboard of a machine; resolves with why that could not be, if it could not. */
  visit(name: string): Promise<string | undefined>;
}

/** All that a command may touch: its streams, its surroundings, the engine, and the way it ends. */
export interface Cli {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Where the engine keeps everything. */
  root(): Promise<Root>;
  /** The command line that is this program; empty where that is not known. */
  readonly self: readonly string[];
  /** Fires at Ctrl-C or SIGTERM, unless a command takes signals for itself. */
  readonly signal: AbortSignal;
  /** The engine elsewhere that is meant; undefined: that of this machine. */
  target(): EngineTarget | undefined;
  /** Opens the engine that is meant at the first call; it is disposed of when the command ends. */
  engine(): Promise<Engine>;
  /** Measures the containers of these engines too; to be called before the engine is opened. */
  alsoMeasure(addresses: readonly string[]): void;
  /** The same for a command that is of the engine of this machine, whatever DOCKER_HOST says. Throws for `--host`. */
  ownEngine(): Promise<Engine>;
  /** Opens an engine and serves it to other programs, until the signal fires. */
  serveApi(open: () => Promise<Engine>, options: ApiOptions): Promise<void>;
  /** Shows a fleet on the terminal until the user quits; undefined where there is no terminal to show it on. */
  readonly showFleet: ((pane: FleetPane) => Promise<number>) | undefined;
  /** The exit code of a command that ends without an error. Default 0. */
  setExitCode(code: number): void;
  /** Hands signals of the process to `handler` instead of `signal`, until the returned function is called. */
  takeSignals(handler: (signal: NodeJS.Signals) => void): () => void;
}
