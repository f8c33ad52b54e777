import { resolve } from 'node:path';
import type { AlertWatchOptions } from '../capacity/index.ts';
import { chooseEngine, type EngineChoice, type EngineTarget } from '../contexts/index.ts';
import type { Engine, Root } from '../engine/index.ts';
import { errnoOf, firstFailure, isPlimsollError, messageOf, PlimsollError } from '../errors.ts';
import { cleanText } from '../lib/clean-text.ts';
import type { ApiOptions, Cli, FleetPane, NeighbourChoice, Output } from './cli.ts';
import { exitCodeOf } from './exit-code.ts';
import { liftGlobals, parseGlobals } from './globals.ts';
import { reportError } from './report-error.ts';
import { runCommandLine } from './run-command-line.ts';

/** What the command line uses of its process. */
export interface CliProcess extends Pick<NodeJS.Process, 'stdin' | 'env' | 'cwd' | 'exit'> {
  readonly signals: Pick<NodeJS.Process, 'on' | 'off'>;
  readonly stdout: CheckedOutput;
  readonly stderr: Output;
}

/** What tells of a reader that went away by an event. */
interface CheckedOutput extends Output {
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/** Something that a person should know before anything else: one sentence, and what to do. */
interface DashboardNote {
  readonly text: string;
  readonly hint: string;
}

/** How the dashboard opens. */
export interface DashboardOpening {
  /** Said at the beginning. */
  readonly note?: DashboardNote;
  /** Its engine is not in this process. */
  readonly elsewhere: boolean;
  /** What it tells of, as far as the user has chosen. Rejects where that cannot be understood. */
  readonly alerts: () => Promise<Partial<AlertWatchOptions>>;
}

/** What the command line is given by the program that hosts it. */
export interface CliHost {
  readonly argv: readonly string[];
  readonly process: CliProcess;
  /** Where the engine keeps everything; `root` is what `--root` said. */
  readonly resolveRoot: (root: string | undefined) => Promise<Root>;
  /** The command line that is this program. */
  readonly self?: readonly string[];
  readonly openEngine: (root: Root, neighbours: NeighbourChoice) => Promise<Engine>;
  /** Opens an engine elsewhere, over Docker's API. */
  readonly openRemote?: (target: EngineTarget) => Promise<Engine>;
  /** Serves an engine to programs that speak Docker's API. */
  readonly serveApi?: (open: () => Promise<Engine>, options: ApiOptions) => Promise<void>;
  /** What opens with no verb on a terminal; resolves with the exit code. */
  readonly runDashboard?: (openEngine: () => Promise<Engine>, opening: DashboardOpening) => Promise<number>;
  /** What `fleet` opens on a terminal; resolves with the exit code. */
  readonly runFleet?: (pane: FleetPane) => Promise<number>;
}

const signalCodes = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
const listened = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

/** Runs one command line to its end, errors reported and engine closed, and returns the exit code of the process. */
export async function runCli(host: CliHost): Promise<number> {
  const { process } = host;
  let verb = '';
  const interrupted = new AbortController();
  let exitCode = 0;
  let killedBy: number | undefined;
  let opened: Promise<Engine> | undefined;
  let also: readonly string[] = [];
  let take: ((signal: NodeJS.Signals) => void) | undefined;

  const onSignal = (signal: NodeJS.Signals) => {
    if (take !== undefined) take(signal);
    else if (signal in signalCodes) {
      killedBy = 128 + signalCodes[signal as keyof typeof signalCodes];
      interrupted.abort();
    }
  };
  for (const signal of listened) process.signals.on(signal, onSignal);
  // What goes wrong in the background, where nobody waits for it, is told in the same words.
  const onStray = (error: unknown) => {
    reportError(error, process);
    process.exit(exitCodeOf(error, verb));
  };
  process.signals.on('uncaughtException', onStray);
  const stopListening = () => {
    for (const signal of listened) process.signals.off(signal, onSignal);
    process.signals.off('uncaughtException', onStray);
  };
  // A reader that went away (`plimsoll logs x | head`) ends the command, as SIGPIPE would.
  process.stdout.on('error', error => errnoOf(error) === 'EPIPE' && interrupted.abort());

  try {
    const { rest, config, debug, logLevel, ...choice } = parseGlobals(liftGlobals(host.argv));
    // Whoever asks for these looks into the environment, also the engine.
    if (config !== undefined) Object.assign(process.env, { DOCKER_CONFIG: resolve(process.cwd(), config) });
    if (debug || logLevel === 'debug') Object.assign(process.env, { PLIMSOLL_DEBUG: '1' });
    const { root } = choice;
    verb = (rest[0] === 'container' ? rest[1] : rest[0]) ?? '';
    const openOwn = async (folder: string | undefined): Promise<Engine> =>
      await host.openEngine(await host.resolveRoot(folder), {
        also,
        report: error => process.stderr.write(`not measured: ${cleanText(messageOf(error))}\n`),
      });
    const open = async (follows: boolean): Promise<Engine> => {
      const target = chooseEngine(choice, process.env, { follows });
      if (target === undefined) return await openOwn(root);
      if (host.openRemote === undefined) throw new TypeError('this program reaches no other engines');
      return await host.openRemote(target);
    };
    const cli: Cli = {
      get stdin() {
        return process.stdin;
      },
      stdout: process.stdout,
      get stderr() {
        return process.stderr;
      },
      env: process.env,
      cwd: process.cwd(),
      root: () => host.resolveRoot(root),
      self: host.self ?? [],
      target: () => chooseEngine(choice, process.env, { follows: true }),
      signal: interrupted.signal,
      engine() {
        opened ??= open(true);
        return opened;
      },
      ownEngine() {
        if (choice.host !== undefined || choice.context !== undefined) throw ownOnly(verb);
        opened ??= openOwn(root);
        return opened;
      },
      alsoMeasure(addresses) {
        also = addresses;
      },
      serveApi: async (open, options) => {
        if (host.serveApi === undefined) throw new TypeError('this program serves no API');
        await host.serveApi(open, options);
      },
      get showFleet() {
        const { runFleet } = host;
        if (runFleet === undefined || !hasTerminal(process)) return undefined;
        return async (pane: FleetPane) => {
          stopListening(); // the dashboard owns the terminal and its signals
          return await runFleet(pane);
        };
      },
      setExitCode: code => {
        exitCode = code;
      },
      takeSignals: handler => {
        take = handler;
        return () => {
          take = undefined;
        };
      },
    };
    if (rest.length === 0) {
      if (!hasTerminal(process) || host.runDashboard === undefined) throw noTerminal();
      stopListening(); // the dashboard owns the terminal and its signals
      const note = dashboardNote(choice, process.env);
      const elsewhere = chooseEngine(choice, process.env, { follows: false }) !== undefined;
      return await host.runDashboard(() => open(false), {
        elsewhere,
        alerts: async () => await (await import('./config/read-alerts.ts')).readAlerts(process),
        ...(note === undefined ? {} : { note }),
      });
    }
    await runCommandLine(rest, cli);
    if (killedBy !== undefined) exitCode = killedBy;
  } catch (thrown) {
    const error = firstFailure(thrown);
    const silent = interrupted.signal.aborted && isPlimsollError(error, 'cancelled');
    if (!silent) reportError(error, process);
    exitCode = killedBy ?? exitCodeOf(error, verb);
  } finally {
    stopListening();
    await opened?.then(engine => engine[Symbol.asyncDispose]()).catch(() => {}); // its failure to open was reported
  }
  return exitCode;
}

function hasTerminal({ stdin, stdout }: Pick<CliProcess, 'stdin' | 'stdout'>): boolean {
  return stdin.isTTY === true && stdout.isTTY === true;
}

function noTerminal(): PlimsollError {
  return new PlimsollError('invalid-argument', 'the dashboard needs a terminal, and there is none', {
    code: 'NO_TERMINAL',
    hint: "give a command: 'plimsoll ps' lists containers, 'plimsoll --help' all commands",
  });
}

function ownOnly(verb: string): PlimsollError {
  return new PlimsollError('invalid-argument', `"${verb}" is about the engine of this machine only`, {
    code: 'OWN_ENGINE_ONLY',
    hint: `leave --host and --context out${verb === 'daemon' ? '; where to listen is said after the verb' : ''}`,
  });
}

/** The dashboard opens on this machine although docker's client would go elsewhere: that is said. */
function dashboardNote(choice: EngineChoice, env: CliProcess['env']): DashboardNote | undefined {
  const { DOCKER_HOST } = env;
  if (!DOCKER_HOST || chooseEngine(choice, env, { follows: false }) !== undefined) return undefined;
  if (choice.root !== undefined) return undefined;
  return {
    text: 'This is the engine of this machine, though DOCKER_HOST is set',
    hint: `plimsoll -H ${DOCKER_HOST} shows the other`,
  };
}
