import { PlimsollError } from '../../errors.ts';
import { matchesLabel } from '../../lib/matches-label.ts';
import { removeEach } from '../../lib/remove-each.ts';
import { hasCgroups, processesOf } from '../kernel/index.ts';
import { cgroupProcesses, setFrozen } from '../runtime/index.ts';
import { attachToContainer } from './attach.ts';
import { connectContainer, disconnectContainer } from './attachments.ts';
import { createAttendance } from './attend.ts';
import { createContainer } from './create.ts';
import { createExecRecords } from './exec/exec-records.ts';
import { createExecService, execAlone } from './exec/exec-service.ts';
import type { ExecService } from './exec/types.ts';
import { execInContainer } from './exec.ts';
import { createContainerFiles } from './files/container-files.ts';
import type { ContainerFiles } from './files/types.ts';
import { folderBytes } from './folder-bytes.ts';
import { pauseHealthJob } from './health/health-job.ts';
import { type HealthNote, noteHealth } from './health/note-health.ts';
import { createKeeper } from './keeper/keeper.ts';
import { logAttributes, withAttributes } from './log/log-attributes.ts';
import { planLog } from './log/log-config.ts';
import { logNotKept, readJournal } from './log/read-journal.ts';
import { readLog } from './log/read-log.ts';
import { isTooLarge, rotateLog } from './log/rotate-log.ts';
import { validateName } from './names.ts';
import { listWithPs } from './ps-options.ts';
import { needsReconciling, reconcile } from './reconcile.ts';
import { type ContainerRecord, createRecords } from './records.ts';
import { deleteContainer } from './remove.ts';
import { resizeContainer } from './resize.ts';
import { restartIfDue } from './restart-due.ts';
import { createRunListeners } from './run-listeners.ts';
import { settle } from './settle.ts';
import { finishStart, startContainer } from './start.ts';
import { killContainer, killToEnd, stopContainer } from './stop.ts';
import { toDetails, toSummary } from './summary.ts';
import { sweepFolders } from './sweep-folders.ts';
import { takeDown } from './take-down.ts';
import { listProcesses } from './top.ts';
import { assertTransition, notRunning } from './transitions.ts';
import type { ContainerService, ContainerStatus, PruneOptions } from './types.ts';
import { updateContainer } from './update.ts';
import { waitForExit } from './wait.ts';
import { createExitWatch } from './watch-exits.ts';
import { announce, cgroupOf, isLive, pathsOf, type World, withContainerLock } from './world.ts';

/** What the engine needs of its containers beyond what hosts may ask. */
export interface ContainerUpkeep extends AsyncDisposable {
  readonly files: ContainerFiles;
  readonly execs: ExecService;
  /** Mends what a crash or a reboot left, if there is anything; else costs well below a millisecond. */
  reconcile(): Promise<number>;
  /**
   * For the monitor's exit command: records the end of this container's run and carries out its restart policy. Gives the
   * milliseconds until it has to be called again, if a restart is due only then.
   */
  exited(id: string): Promise<number | undefined>;
  /** For the keeper: a change of a container's health. */
  noteHealth(note: HealthNote): Promise<void>;
  /** For the keeper: a log has grown too large. */
  rotate(id: string): Promise<void>;
}

export type ContainerParts = Omit<World, 'records' | 'execs' | 'keeper'> & {
  /** Told what goes wrong while nobody waits for it. */
  readonly report?: (error: unknown) => void;
};

/** The containers of a root. Disposing of it ends nothing but this process's looking after them. */
export function createContainerService(parts: ContainerParts): ContainerService & ContainerUpkeep {
  const keeper = createKeeper(parts);
  const world: World = {
    ...parts,
    records: createRecords(parts.db),
    execs: createExecRecords(parts.db),
    keeper,
  };
  const { records, db } = world;
  const exits = createExitWatch(world.root);
  const attendance = createAttendance(world, exits, parts.report ?? (() => {}));

  const listeners = createRunListeners();

  const upkeep = setInterval(() => void rotateLarge(world), 30_000).unref();

  /** One operation on one container, with its record as it is once the lock is held. */
  const locked = <T>(name: string, action: (record: ContainerRecord) => Promise<T>, signal?: AbortSignal) => {
    const { id } = records.find(name);
    const run = async () => await action(records.byId(id) ?? records.find(name));
    return withContainerLock(world, id, run, signal === undefined ? {} : { signal });
  };
  const start: ContainerService['start'] = async (name, options = {}) => {
    const { id, warnings } = await locked(
      name,
      async record => {
        const beforeRun = () => listeners.tell(record.id);
        const settled = await settledRecord(world, record);
        const told = await startContainer(world, settled, { ...options, beforeRun });
        return { id: record.id, warnings: told };
      },
      options.signal,
    );
    attendance.attend(id);
    return { warnings };
  };
  const freeze = (name: string, to: 'paused' | 'running') =>
    locked(name, async record => {
      assertFreezable(record, to);
      const paths = pathsOf(world.root, record.id);
      await setFrozen(cgroupOf(world.root, record), to === 'paused');
      pauseHealthJob(paths, to === 'paused');
      db.transaction(() => {
        records.saveState(record.id, { ...record.state, status: to });
        announce(world, record, to === 'paused' ? 'pause' : 'unpause');
      });
    });
  const remove: ContainerService['remove'] = (name, { force = false, volumes = false } = {}) =>
    removeContainer(world, records.find(name), { force, volumes });

  return {
    files: createContainerFiles(world),
    execs: createExecService(world),
    list: ({ all = false } = {}) =>
      records
        .all(all ? undefined : ['running', 'paused', 'restarting'])
        .map(record => toSummary(world, record)),
    inspect: name => toDetails(world, records.find(name)),
    create: async (spec, { signal } = {}) => toDetails(world, await createContainer(world, spec, signal)),
    start,
    stop: (name, options = {}) => stopContainer(world, records.find(name).id, options),
    async restart(name, options = {}) {
      const { id } = records.find(name);
      await stopContainer(world, id, options);
      await start(id, options.signal === undefined ? {} : { signal: options.signal });
      db.transaction(() => announce(world, records.find(id), 'restart'));
    },
    kill: async (name, signal = 'SIGKILL') => await killContainer(world, records.find(name), signal),
    pause: name => freeze(name, 'paused'),
    unpause: name => freeze(name, 'running'),
    remove,
    wait: (name, { signal } = {}) => waitForExit(world, exits, records.find(name), signal),
    logs(name, options = {}) {
      const record = records.find(name);
      const { id } = record;
      const { log } = pathsOf(world.root, id);
      const plan = planLog(record.spec.log);
      if (plan.kind === 'none') throw logNotKept(record.name);
      const ended = () => !goesOn(records.byId(id)?.state.status);
      if (plan.kind !== 'journald') void rotateInPassing(world, record);
      const entries =
        plan.kind === 'journald'
          ? readJournal(id, { ...options, ended })
          : readLog(log, { ...options, ended });
      return options.details ? withAttributes(entries, logAttributes(record)) : entries;
    },
    attach(name, { signal, nextRun = false } = {}) {
      const { id } = records.find(name);
      const connect = async () => await attachToContainer(world, records.find(id), signal);
      return nextRun ? listeners.add(id, connect, signal) : connect();
    },
    resize: (name, size) => resizeContainer(world, records.find(name), size),
    exec: (name, request) =>
      (request.detach ? execAlone : execInContainer)(world, records.find(name), request),
    top: name => listProcesses(processesOfLive(world, name)),
    ps: async (name, options) => await listWithPs(processesOfLive(world, name), options),
    update: (name, change) => locked(name, record => updateContainer(world, record, change)),
    rename: (name, newName) =>
      locked(name, async record => {
        validateName(newName);
        db.transaction(() => {
          records.rename(record.id, newName);
          announce(world, { ...record, name: newName }, 'rename', { oldName: record.name });
        });
      }),
    connect: (name, attachment) => locked(name, record => connectContainer(world, record, attachment)),
    disconnect: (name, network) => locked(name, record => disconnectContainer(world, record, network)),
    prune: (options = {}) => prune(world, options),
    async reconcile() {
      void rotateLarge(world);
      sweepFolders(world);
      const mended = needsReconciling(world) ? await reconcile(world) : 0;
      keeper.ensure();
      return mended;
    },
    exited: async id => {
      const left = await exited(world, id);
      keeper.ensure(); // somebody may have killed it
      return left;
    },
    noteHealth: note => noteHealth(world, note),
    rotate: async id => {
      const record = records.byId(id);
      if (record !== undefined) await rotateInPassing(world, record);
    },
    async [Symbol.asyncDispose]() {
      clearInterval(upkeep);
      keeper.ensure(); // nobody else looks after what goes on running
      await attendance[Symbol.asyncDispose]();
      exits[Symbol.dispose]();
    },
  };
}

/** Throws `conflict` for a container that does not run. */
function processesOfLive(world: World, name: string): readonly number[] {
  const record = world.records.find(name);
  if (!isLive(record.state)) notRunning(record.name, record.state.status, 'start it first');
  const init = record.state.process?.pid;
  return hasCgroups() || init === undefined
    ? cgroupProcesses(cgroupOf(world.root, record))
    : processesOf(init);
}

/** A record whose run has ended, but was not settled yet, is settled first. */
async function settledRecord(world: World, record: ContainerRecord): Promise<ContainerRecord> {
  if ((await settle(world, record)) === undefined) return record;
  return world.records.find(record.id);
}

function goesOn(status: ContainerStatus | undefined): boolean {
  return status === 'running' || status === 'paused' || status === 'restarting';
}

function assertFreezable({ name, state }: ContainerRecord, to: 'paused' | 'running'): void {
  if (to === 'running' && state.status !== 'paused') {
    throw new PlimsollError('conflict', `the container "${name}" is not paused but ${state.status}`, {
      code: 'CONTAINER_STATE',
      data: { container: name, from: state.status, to },
    });
  }
  assertTransition(name, state.status, to);
}

async function removeContainer(
  world: World,
  { id, name }: ContainerRecord,
  { force, volumes }: { force: boolean; volumes: boolean },
): Promise<void> {
  for (let gone = false; !gone; ) {
    const current = world.records.byId(id);
    if (current === undefined) return;
    if (isLive(current.state)) {
      if (!force) assertTransition(name, current.state.status, 'removing');
      await killForGood(world, current);
    }
    gone = await withContainerLock(world, id, async () => {
      const now = world.records.byId(id);
      if (now === undefined) return true;
      if (force && isLive(now.state)) return false; // somebody started it in between: once more
      await deleteContainer(world, now, { volumes });
      return true;
    });
  }
}

/** Kills a container so that its restart policy takes it for a person's will. */
async function killForGood(world: World, record: ContainerRecord): Promise<void> {
  await withContainerLock(world, record.id, async () => {
    const now = world.records.byId(record.id);
    if (now !== undefined && isLive(now.state))
      world.records.saveState(record.id, { ...now.state, stoppedByUser: true });
  });
  await killToEnd(world, { ...record, state: { ...record.state, stoppedByUser: true } });
}

/** Removes every container that has ended (or never started). */
async function prune(
  world: World,
  options: PruneOptions,
): Promise<{ deleted: string[]; reclaimedBytes: number }> {
  let reclaimedBytes = 0;
  const found = world.records.all(['created', 'exited', 'dead']).filter(record => isMeant(record, options));
  const removed = await removeEach(found, async record => {
    const bytes = await folderBytes(pathsOf(world.root, record.id).data);
    await removeContainer(world, record, { force: false, volumes: false });
    reclaimedBytes += bytes;
  });
  return { deleted: removed.map(({ id }) => id), reclaimedBytes };
}

function isMeant(
  { created, resolved: { labels } }: ContainerRecord,
  { until, labels: wanted = [], withoutLabels = [] }: PruneOptions,
): boolean {
  return (
    (until === undefined || created < until) &&
    wanted.every(label => matchesLabel(labels, label)) &&
    !withoutLabels.some(label => matchesLabel(labels, label))
  );
}

async function exited(world: World, id: string): Promise<number | undefined> {
  await withContainerLock(world, id, async () => {
    const record = world.records.byId(id);
    if (record === undefined || (await settle(world, record)) !== undefined) return;
    const { status, starting } = record.state;
    if (starting) return await finishStart(world, record); // who began it was killed: it would hold the lock
    if (status === 'exited' || status === 'created') await takeDown(world, id);
  });
  const left = await restartIfDue(world, id);
  return left === 'started' ? undefined : left;
}

/**
 * Rotates the logs of running containers that have grown too large; every process does it in passing, and nobody's work
 * ends because it cannot be done just now (a full disk, a busy database).
 */
async function rotateLarge(world: World): Promise<void> {
  try {
    await Promise.all(world.records.all(['running']).map(record => rotateInPassing(world, record)));
  } catch {
    // The next one does it.
  }
}

/** Rotation needs the lock, and nobody should wait for it: if another is busy, the next one does it. */
async function rotateInPassing(world: World, { id, spec }: ContainerRecord): Promise<void> {
  const { log, control } = pathsOf(world.root, id);
  const plan = planLog(spec.log);
  if (!isTooLarge(log, plan)) return;
  const rotate = async () => rotateLog(log, control, plan);
  await withContainerLock(world, id, rotate, { timeoutMs: 0 }).catch(() => {});
}
