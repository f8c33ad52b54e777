import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, PlimsollError, throwIfAborted } from '../../errors.ts';
import { bootId, isAlive } from '../kernel/index.ts';
import { type MonitorLog, resizeTerminal, startMonitor } from '../runtime/index.ts';
import { type ConnectedEndpoint, connectAll } from './attachments.ts';
import { makeBindSources } from './bind-sources.ts';
import { writeEtcFiles } from './etc-files.ts';
import { processFor } from './exec.ts';
import { exitCommand } from './exit-command.ts';
import { writeHealthJob } from './health/health-job.ts';
import { networkOwner } from './joined-network.ts';
import { linkedHosts } from './links.ts';
import { expandTag } from './log/log-attributes.ts';
import { assertLoggable, type LogPlan, planLog } from './log/log-config.ts';
import { processRequest } from './process-request.ts';
import type { ContainerRecord, StoredState } from './records.ts';
import { deleteContainer } from './remove.ts';
import { takeDown } from './take-down.ts';
import { assertTransition, TransitionError } from './transitions.ts';
import { announce, type ContainerPaths, pathsOf, treeOf, type World } from './world.ts';

export interface StartOptions {
  readonly signal?: AbortSignal;
  readonly terminalSize?: { readonly columns: number; readonly rows: number };
  /** By a restart policy: counts, and keeps the pause before it. */
  readonly restart?: boolean;
  /** Called, and waited for, when it can be attached to and does not run yet. */
  readonly beforeRun?: () => Promise<void>;
}

/**
 * Starts a container; call it under its lock. If it fails nothing of the run is left: no mount, namespace, cgroup,
 * port, process. The failure is kept in its state, as docker does (with `--rm` it is removed). Does nothing if it runs
 * already. Returns what could not be given as asked.
 */
export async function startContainer(
  world: World,
  record: ContainerRecord,
  options: StartOptions,
): Promise<readonly string[]> {
  const { id, name, state } = record;
  if (state.status === 'running') return [];
  if (state.status === 'paused') throw new TransitionError(name, 'paused', 'running', 'unpause it instead');
  assertTransition(name, state.status, 'running');
  throwIfAborted(options.signal, `starting "${name}"`);
  assertLoggable(record.spec.log);
  const paths = pathsOf(world.root, id);
  const run = randomBytes(8).toString('hex');
  try {
    await takeDown(world, id); // what a process left that died while starting it
    mkdirSync(paths.bundle, { recursive: true, mode: 0o700 });
    writeFileSync(paths.run, `${run}\n`);
    const { created, endpoint, warnings, hooks } = await createRun(world, record, paths, run, options);
    throwIfAborted(options.signal, `starting "${name}"`);
    const { spec, resolved } = record;
    const links = linkedHosts(world, spec);
    if (networkOwner(world, spec) === undefined)
      writeEtcFiles({ folder: paths.data, hostname: resolved.hostname, name, spec }, endpoint, links.lines);
    if (record.spec.tty && options.terminalSize) resizeTerminal(paths.bundle, options.terminalSize);
    // Recorded as running before it runs: whoever notices its end must know that there was a run.
    const running = runningState(world, record, {
      ...created,
      run,
      endpoint,
      restart: options.restart ?? false,
    });
    world.records.saveState(id, { ...running, starting: true });
    await options.beforeRun?.();
    await world.runtime().start(id, { hooks });
    announceStart(world, record, running);
    return [...warnings, ...(endpoint?.warnings ?? []), ...links.warnings];
  } catch (error) {
    await takeDown(world, id);
    const failed = options.signal?.aborted ? state : failedState(state, error, world.clock());
    world.records.saveState(id, failed);
    if (record.spec.autoRemove) await deleteContainer(world, { ...record, state: failed }, { volumes: true });
    throw error;
  }
}

/**
 * Finishes a start whose process has died after all was prepared; call it under the container's lock. One whose first
 * process still waits is let go, and its start announced in either case, unless that process is gone unstarted.
 */
export async function finishStart(world: World, record: ContainerRecord): Promise<void> {
  const { starting: _, ...running } = record.state;
  if (world.runtime().isWaiting(record.id)) {
    if (running.process === undefined || !isAlive(running.process)) return;
    await world.runtime().start(record.id, { hooks: true });
  }
  announceStart(world, record, running);
}

function announceStart(world: World, record: ContainerRecord, running: StoredState): void {
  world.db.transaction(() => {
    world.records.saveState(record.id, running);
    announce(world, record, 'start');
  });
  beginHealthChecks(world, record, pathsOf(world.root, record.id));
}

/** Without them the container would run as well: what goes wrong here is shown as `not-checked`. */
function beginHealthChecks(world: World, record: ContainerRecord, paths: ContainerPaths): void {
  const { health } = record.resolved;
  if (health === undefined) return;
  writeHealthJob(paths, health, processFor(world, record, { command: health.command }));
  world.keeper.ensure();
  world.keeper.wake();
}

async function createRun(
  world: World,
  record: ContainerRecord,
  paths: ContainerPaths,
  run: string,
  options: StartOptions,
) {
  const { id, spec, resolved } = record;
  const connecting = connectAll(world, record);
  connecting.catch(() => {}); // awaited below, maybe after something else has failed
  let creating: ReturnType<typeof startMonitor> | undefined;
  try {
    await world.snapshots.mount({
      ...treeOf(world.root, record),
      target: paths.rootfs,
      disposable: spec.autoRemove,
      signal: options.signal,
    });
    const made = makeBindSources(resolved.mounts);
    const request = await processRequest(world, record, options);
    const { warnings } = await world.runtime().writeBundle(paths.bundle, request);
    if (warnings.length > 0 || resolved.warnings.length > 0)
      world.records.saveResolved(id, { ...resolved, warnings });
    await namespaceReady(request.network, connecting);
    const log = planLog(spec.log);
    if (log.kind === 'file' && log.rotateAboveBytes !== Number.POSITIVE_INFINITY)
      writeFileSync(join(paths.bundle, 'log-limit'), `${log.rotateAboveBytes}\n`);
    creating = startMonitor({
      runtime: world.runtime(),
      id,
      name: record.name,
      bundle: paths.bundle,
      log: monitorLog(tagged(log, record), paths),
      exitDir: `${world.root.runDir}/exits`,
      persistDir: paths.persist,
      tty: spec.tty ?? false,
      openStdin: spec.openStdin ?? false,
      exitCommand: exitCommand(world.root, id, run, world.self),
    });
    const [created, endpoint] = await Promise.all([creating, connecting]);
    return {
      created,
      endpoint,
      warnings: [...made, ...warnings],
      hooks: request.hooks?.poststart !== undefined,
    };
  } catch (error) {
    // Nothing may still be setting up while the caller takes down.
    await Promise.allSettled([connecting, creating]);
    throw error;
  }
}

/** The journal gets a tag with all that its template names. */
function tagged(log: LogPlan, record: ContainerRecord): LogPlan {
  return log.kind === 'journald' && log.tag ? { ...log, tag: expandTag(log.tag, record) } : log;
}

/** The last resort of a file is large enough for what is written between two looks of the keeper. */
function monitorLog(plan: LogPlan, { log }: ContainerPaths): MonitorLog {
  if (plan.kind === 'none') return { kind: 'none' };
  if (plan.kind === 'journald')
    return { kind: 'journald', ...(plan.tag === undefined ? {} : { tag: plan.tag }) };
  const { rotateAboveBytes: above } = plan;
  const sizeMax = above === Number.POSITIVE_INFINITY ? -1 : Math.max(20 * above, 64 * 1024 * 1024);
  return { kind: 'file', path: log, sizeMax };
}

/** The namespace is there long before `connect` has made addresses and rules: create needs no more than that. */
async function namespaceReady(
  path: string,
  connecting: Promise<ConnectedEndpoint | undefined>,
): Promise<void> {
  if (!path.startsWith('/')) return;
  const NSFS_MAGIC = 0x6e736673;
  let connected = false;
  const done = connecting.then(() => {
    connected = true;
  });
  while (!connected) {
    if (existsSync(path) && statfsSync(path).type === NSFS_MAGIC) return;
    await Promise.race([done, sleep(1)]);
  }
}

function runningState(
  world: World,
  { state }: ContainerRecord,
  run: {
    process: StoredState['process'] & {};
    monitor: StoredState['monitor'] & {};
    run: string;
    endpoint: ConnectedEndpoint | undefined;
    restart: boolean;
  },
): StoredState {
  return {
    status: 'running',
    startedAt: world.clock(),
    process: run.process,
    monitor: run.monitor,
    bootId: bootId(),
    restartCount: run.restart ? state.restartCount + 1 : 0,
    run: run.run,
    ...(run.restart && state.backoffMs !== undefined ? { backoffMs: state.backoffMs } : {}),
    ...(run.endpoint === undefined ? {} : { addresses: run.endpoint.addresses, ports: run.endpoint.ports }),
  };
}

/** Docker's codes for a container that could not start: 127 not found, 126 not executable, 128 for all else. */
function failedState(state: StoredState, error: unknown, now: number): StoredState {
  const code = error instanceof PlimsollError ? error.code : '';
  const exitCode = code === 'COMMAND_NOT_FOUND' ? 127 : code === 'COMMAND_NOT_EXECUTABLE' ? 126 : 128;
  const status = state.status === 'created' ? 'created' : 'exited';
  return { status, exitCode, finishedAt: now, restartCount: state.restartCount, error: messageOf(error) };
}
