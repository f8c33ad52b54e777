/**
 * The dashboard: the face of plimsoll, hosting the engine in its own process.
 *
 *     process.exitCode = await runDashboard({ engine: () => createEngine({ root }) });
 * @module
 */
import type { AlertWatchOptions } from '../capacity/index.ts';
import type { Engine } from '../engine/index.ts';
import { PlimsollError } from '../errors.ts';
import type { DemoControl } from './effects/index.ts';
import type { FleetView } from './fleet-app.tsx';
import { detectCapabilities, sayBug, skeleton, terminalProblem } from './terminal/index.ts';

export type { DemoControl, FleetView };

/** What the dashboard needs from the program around it. */
export interface DashboardOptions {
  /** Called once something is on the screen, so that opening the engine delays no picture. */
  readonly engine: () => Promise<Engine>;
  readonly noColour?: boolean;
  /** Said at the beginning. */
  readonly note?: { readonly text: string; readonly hint: string };
  /** What to tell of, as far as it is chosen; the usual rules else, also where this rejects, which is said. */
  readonly alerts?: () => Promise<Partial<AlertWatchOptions>>;
  /** For the palette's "start the demo". */
  readonly demo?: DemoControl;
}

/**
 * Runs the dashboard on this process's terminal until the user quits, and resolves with the exit code. Rejects with
 * `not-implemented` (`NO_TERMINAL`) where there is no terminal to draw on. Containers run on after it.
 */
export async function runDashboard(options: DashboardOptions): Promise<number> {
  const { terminal, app } = await openTerminal(options.noColour ?? false);
  const engine = options.engine();
  engine.catch(() => undefined);
  const demo = options.demo === undefined ? {} : { demo: options.demo };
  const alerts = options.alerts === undefined ? {} : { alerts: options.alerts };
  const note = options.note === undefined ? {} : { note: options.note };
  const code = await app.runApp({ ...terminal, engine, ...demo, ...alerts, ...note });
  await engine.then(one => one[Symbol.asyncDispose]()).catch(() => undefined);
  return code;
}

/** Runs the fleet pane in the same way. */
export async function runFleetDashboard(fleet: FleetView): Promise<number> {
  const { terminal, app } = await openTerminal(false);
  return await app.runFleetApp({ ...terminal, fleet });
}

/** The terminal with something on it already, and what draws on it, which takes longer to load. */
async function openTerminal(noColour: boolean) {
  const { stdin, stdout, env } = process;
  const problem = terminalProblem({ env, stdinIsTty: stdin.isTTY, stdoutIsTty: stdout.isTTY });
  if (problem !== undefined)
    throw new PlimsollError('not-implemented', problem, {
      code: 'NO_TERMINAL',
      hint: 'use "plimsoll ps" and "plimsoll stats" there',
    });
  const capabilities = detectCapabilities({ env, noColour });
  stdout.write(skeleton(stdout, { unicode: capabilities.unicode, colour: capabilities.colours !== 'none' }));
  const release = guardScreen();
  const app = await import('./app.tsx').finally(release);
  return { app, terminal: { stdin, stdout, env, capabilities } };
}

/** Leaves the alternate screen if the process is ended, or fails, while the app is still being loaded. */
function guardScreen(): () => void {
  const leave = (): void => {
    process.stdout.write('\u001b[?1049l\u001b[?25h');
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    release();
    leave();
    process.kill(process.pid, signal);
  };
  const onBug = (error: unknown): void => {
    release();
    leave();
    sayBug(error, process.env);
    process.exit(1);
  };
  const signals: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'];
  const release = (): void => {
    process.off('exit', leave);
    process.off('uncaughtException', onBug);
    for (const signal of signals) process.off(signal, onSignal);
  };
  process.once('exit', leave);
  process.on('uncaughtException', onBug);
  for (const signal of signals) process.on(signal, onSignal);
  return release;
}
