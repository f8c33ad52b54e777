import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isPlimsollError, PlimsollError } from '../../../errors.ts';
import { execPid, resizeTerminal, startExecMonitor } from '../../runtime/index.ts';
import { attachToMonitor } from '../attach.ts';
import { processFor } from '../exec.ts';
import type { ContainerRecord } from '../records.ts';
import type { Attachment } from '../types.ts';
import { announce, type World } from '../world.ts';
import { endExec, execFolder, settleExec } from './settle-execs.ts';
import type { ExecDetails, ExecService, StartedExec, TerminalSize } from './types.ts';

/** See `ExecService`. */
export function createExecService(world: World): ExecService {
  const { db, execs, records, clock } = world;
  return {
    async create(name, spec) {
      const record = records.find(name);
      assertRuns(record);
      if (spec.command.length === 0)
        throw new PlimsollError('invalid-argument', 'No exec command specified', { code: 'NO_COMMAND' });
      const id = randomBytes(32).toString('hex');
      db.transaction(() => {
        execs.tidy(clock());
        execs.insert({ id, container: record.id, spec }, clock());
        announce(world, record, 'exec_create', { execID: id, execCommand: spec.command.join(' ') });
      });
      return execs.find(id);
    },
    inspect: async id => settleExec(world, execs.find(id)),
    async start(id, options = {}) {
      const exec = execs.find(id);
      const record = records.find(exec.container);
      assertRuns(record);
      db.transaction(() => {
        if (!execs.markStarted(id)) throw startedBefore(id);
        mkdirSync(execFolder(world.root, exec), { mode: 0o700 }); // whoever finds it running finds this
        announce(world, record, 'exec_start', { execID: id, execCommand: exec.spec.command.join(' ') });
      });
      return await start(world, record, exec, options);
    },
    async resize(id, size) {
      const exec = execs.find(id);
      if (exec.spec.tty && (await isUp(world, id))) resizeTerminal(execFolder(world.root, exec), size);
    },
    async detached(id) {
      const record = records.find(execs.find(id).container);
      db.transaction(() => announce(world, record, 'exec_detach', { execID: id }));
    },
  };
}

/** How long one that is just being started is waited for before its size is set; docker's ten seconds. */
const startingMs = 10_000;

/** False if it has ended, was not started, or does not come up. */
async function isUp(world: World, id: string): Promise<boolean> {
  for (let waited = 0; waited < startingMs; waited += 20) {
    const exec = settleExec(world, world.execs.find(id));
    if (exec.status !== 'running') return false;
    if (execPid(execFolder(world.root, exec)) !== undefined) return true;
    await sleep(20);
  }
  return false;
}

async function start(
  world: World,
  record: ContainerRecord,
  exec: ExecDetails,
  { attach = false, terminalSize }: { attach?: boolean; terminalSize?: TerminalSize },
): Promise<StartedExec> {
  const { id, container, spec } = exec;
  const folder = execFolder(world.root, exec);
  const processFile = join(folder, 'process.json');
  let attachment: Attachment | undefined;
  try {
    const request = { ...spec, ...(terminalSize === undefined ? {} : { terminalSize }) };
    writeFileSync(processFile, JSON.stringify(processFor(world, record, request)), { mode: 0o600 });
    const monitor = await startExecMonitor({
      ...{ runtime: world.runtime(), container, id, folder, processFile },
      command: spec.command[0] ?? '',
      tty: spec.tty ?? false,
      openStdin: attach && (spec.openStdin ?? false),
      ...(attach
        ? {
            beforeRun: async () => {
              attachment = await attachToMonitor(folder, undefined);
            },
          }
        : {}),
    });
    const pid = execPid(folder);
    if (pid !== undefined) world.execs.savePid(id, pid);
    return {
      ...(attachment === undefined ? {} : { attachment }),
      ended: monitor.exitCode.then(code => {
        if (code !== undefined) endExec(world, exec, code);
        return settleExec(world, world.execs.find(id)).exitCode ?? -1;
      }),
      leave: monitor.leave,
    };
  } catch (error) {
    await attachment?.[Symbol.asyncDispose]();
    endExec(world, exec, exitCodeOf(error));
    throw error;
  }
}

/** As docker has it: 127 for a command that is not there, 126 for one that cannot be run. */
function exitCodeOf(error: unknown): number {
  return isPlimsollError(error) && error.code === 'COMMAND_NOT_FOUND' ? 127 : 126;
}

function assertRuns({ name, state }: ContainerRecord): void {
  if (state.status === 'running') return;
  throw new PlimsollError('conflict', `container ${name} is not running: it is ${state.status}`, {
    code: 'CONTAINER_STATE',
    hint: 'start or unpause it first',
  });
}

function startedBefore(id: string): PlimsollError {
  return new PlimsollError('conflict', `the command ${id.slice(0, 12)} was started before`, {
    code: 'EXEC_STATE',
  });
}
