import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PlimsollError } from '../../../errors.ts';
import { execPid, resizeTerminal, startExecMonitor } from '../../runtime/index.ts';
import { attachToMonitor } from '../attach.ts';
import { assertRuns, processFor, specOf } from '../exec.ts';
import type { ContainerRecord } from '../records.ts';
import type { Attachment, ExecRequest } from '../types.ts';
import { announce, type World } from '../world.ts';
import { endExec, execFolder, settleExec, unstartedExitCode } from './settle-execs.ts';
import type { ExecDetails, ExecService, ExecSpec, StartedExec, TerminalSize } from './types.ts';

/** See `ExecService`. */
export function createExecService(world: World): ExecService {
  const { db, execs, records } = world;
  return {
    create: async (name, spec) => createExec(world, records.find(name), spec),
    async inspect(id) {
      const exec = settleExec(world, execs.find(id));
      const pid = exec.pid ?? execPid(execFolder(world.root, exec));
      return pid === undefined ? exec : { ...exec, pid };
    },
    start: async (id, options = {}) => await startExec(world, id, options),
    async resize(id, size) {
      const exec = execs.find(id);
      const folder = execFolder(world.root, exec);
      if (exec.spec.tty && (await isUp(world, id)) && existsSync(join(folder, 'ctl')))
        resizeTerminal(folder, size);
    },
    async detached(id) {
      const record = records.find(execs.find(id).container);
      db.transaction(() => announce(world, record, 'exec_detach', { execID: id }));
    },
  };
}

function createExec(world: World, record: ContainerRecord, spec: ExecSpec): ExecDetails {
  const { db, execs, clock } = world;
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
}

async function startExec(world: World, id: string, options: StartOptions): Promise<StartedExec> {
  const exec = world.execs.find(id);
  const record = world.records.find(exec.container);
  assertRuns(record);
  world.db.transaction(() => {
    if (!world.execs.markStarted(id)) throw startedBefore(id);
    mkdirSync(execFolder(world.root, exec), { mode: 0o700 }); // whoever finds it running finds this
    announce(world, record, 'exec_start', { execID: id, execCommand: exec.spec.command.join(' ') });
  });
  return await start(world, record, exec, options);
}

/** Starts a command that no process of plimsoll waits for: its monitor calls one that records its end. */
export async function execAlone(
  world: World,
  record: ContainerRecord,
  request: ExecRequest,
): Promise<{ exitCode: number; stdout: Buffer; stderr: Buffer }> {
  const { id } = createExec(world, record, specOf(request));
  const { ended, leave } = await startExec(world, id, { exitCommand: execExitCommand(world, id) });
  ended.catch(() => {});
  leave();
  return { exitCode: 0, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
}

function execExitCommand({ root, self }: World, id: string): string[] {
  if (self.length === 0) return [];
  const script = 'unset _OCI_SYNCPIPE _OCI_STARTPIPE _OCI_ATTACHPIPE; exec "$@"';
  return ['/bin/sh', '-c', script, 'sh', ...self, 'internal', 'exec-ended', '--root', root.dataDir, id];
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

interface StartOptions {
  readonly attach?: boolean;
  readonly terminalSize?: TerminalSize;
  /** What the monitor calls in the end; empty: nothing. */
  readonly exitCommand?: readonly string[];
}

async function start(
  world: World,
  record: ContainerRecord,
  exec: ExecDetails,
  { attach = false, terminalSize, exitCommand = [] }: StartOptions,
): Promise<StartedExec> {
  const { id, container, spec } = exec;
  const folder = execFolder(world.root, exec);
  const processFile = join(folder, 'process.json');
  let attachment: Attachment | undefined;
  try {
    const request = { ...spec, ...(terminalSize === undefined ? {} : { terminalSize }) };
    writeFileSync(processFile, JSON.stringify(processFor(world, record, request)), { mode: 0o600 });
    const monitor = await startExecMonitor({
      ...{ runtime: world.runtime(), container, id, folder, processFile, exitCommand },
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
    endExec(world, exec, unstartedExitCode(error));
    throw error;
  }
}

function startedBefore(id: string): PlimsollError {
  return new PlimsollError('conflict', `the command ${id.slice(0, 12)} was started before`, {
    code: 'EXEC_STATE',
  });
}
