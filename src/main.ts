import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ServeOptions } from './api/index.ts';
import {
  type DashboardOpening,
  lightProcess,
  type NeighbourChoice,
  readCacheSettings,
  runCli,
} from './cli/index.ts';
import type { EngineTarget } from './contexts/index.ts';
import type { DemoOptions } from './demo/index.ts';
import type { Engine, Root } from './engine/index.ts';
import type { FleetView } from './tui/index.ts';

/**
 * plimsoll: with no verb on a terminal the dashboard, else one command; also what the monitor of a container calls
 * when that has ended. The only file that knows both hosts. Loads nothing that the call does not need.
 */
async function main(argv: readonly string[]): Promise<number> {
  if (process.env.PLIMSOLL_CWD !== undefined) (await import('./engine/index.ts')).arriveInNamespaces();
  if (argv[0] === 'internal') return await internal(argv.slice(1));
  return await runCli({
    argv,
    process: lightProcess(process),
    resolveRoot,
    self: self(),
    openEngine,
    openRemote,
    serveApi,
    runDashboard,
    runFleet,
  });
}

/** Records the end of a container, and prints after how many seconds to ask again, if at all. */
async function internal(argv: readonly string[]): Promise<number> {
  await enterNamespaces();
  const { runInternal } = await import('./engine/index.ts');
  const at = argv.indexOf('--root');
  process.stdout.write(await runInternal(argv, await resolveRoot(at < 0 ? undefined : argv[at + 1]), self()));
  return 0;
}

async function serveApi(open: () => Promise<Engine>, options: ServeOptions): Promise<void> {
  await enterNamespaces(); // before it takes what systemd has told this process alone
  const { serveApi: serve } = await import('./api/index.ts');
  await serve(open, options);
}

async function runDashboard(
  engine: () => Promise<Engine>,
  { note, elsewhere, alerts }: DashboardOpening,
): Promise<number> {
  if (!elsewhere) await enterNamespaces(); // before it draws
  const { runDashboard: run } = await import('./tui/index.ts');
  return await run({ engine, demo, alerts, ...(note === undefined ? {} : { note }) });
}

async function openRemote({ address, tls }: EngineTarget): Promise<Engine> {
  const { createRemoteEngine, parseEndpoint } = await import('./remote/index.ts');
  return await createRemoteEngine(parseEndpoint(address, tls));
}

async function runFleet(pane: FleetView): Promise<number> {
  const { runFleetDashboard } = await import('./tui/index.ts');
  return await runFleetDashboard(pane);
}

/** The demo, for the dashboard's palette; loaded when it is asked for. */
const demo = {
  up: async (engine: Engine, options: DemoOptions) => {
    const { demoUp } = await import('./demo/index.ts');
    await demoUp(engine, options);
  },
  down: async (engine: Engine) => {
    const { demoDown } = await import('./demo/index.ts');
    await demoDown(engine);
  },
};

async function openEngine(root: Root, { also, report }: NeighbourChoice = { also: [] }) {
  await enterNamespaces();
  const { createEngine } = await import('./engine/index.ts');
  if (also.length > 0) {
    const { parseEndpoint } = await import('./remote/index.ts');
    for (const address of also) parseEndpoint(address); // says what is wrong with it
  }
  return await createEngine({
    ...{ root, self: self() },
    neighbours: () => openNeighbours(also, report),
    cacheSettings: () => readCacheSettings(process),
  });
}

/** PLIMSOLL_ALSO stands for the usual sockets: addresses with commas between them, or `none`. */
async function openNeighbours(also: readonly string[], report: NeighbourChoice['report']) {
  const { usualSockets } = await import('./contexts/index.ts');
  const { PLIMSOLL_ALSO: chosen } = process.env;
  const usual = chosen === undefined ? usualSockets(process.getuid?.() ?? 0) : chosen.split(',');
  const named = usual.filter(address => address !== '' && address !== 'none');
  const addresses = [...new Set([...also, ...named])];
  if (addresses.length === 0) return undefined; // what reaches them takes megabytes
  const { watchNeighbours } = await import('./remote/index.ts');
  return watchNeighbours({
    addresses,
    // One that nobody has named may be there for others only.
    report: (error, address) => {
      if (also.includes(address)) report?.(error);
    },
  });
}

async function resolveRoot(root: string | undefined): Promise<Root> {
  const { caller, resolveRoot: resolve } = await import('./engine/index.ts');
  return resolve({ root, env: process.env, uid: caller().uid });
}

/** An ordinary user's engine works in namespaces of the user: this process begins anew in them, once. */
async function enterNamespaces(): Promise<void> {
  if (process.getuid?.() === 0) return;
  const { enterNamespaces: enter } = await import('./engine/index.ts');
  await enter([process.execPath, ...process.execArgv, '--', ...process.argv.slice(1)]);
}

/** The command line that is plimsoll: from the bundle in `.build/<hash>/`, or from this source. */
function self(): string[] {
  const candidates = ['../../bin/plimsoll', '../bin/plimsoll'].map(path => join(import.meta.dirname, path));
  return candidates.filter(path => existsSync(path)).slice(0, 1);
}

void main(process.argv.slice(2)).then(code => {
  // All is written and closed; Node would give its memory back piece by piece before it lets go.
  process.exit(code);
});
