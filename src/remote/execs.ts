import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine, ExecDetails, ExecSpec } from '../engine/index.ts';
import { JsonFields } from '../wire/index.ts';
import { attachmentOf } from './attachment.ts';
import type { ApiClient } from './client.ts';
import type { Mirror } from './mirror.ts';

/** Commands in containers of an engine elsewhere, which looks after them itself. */
export function createExecs(client: ApiClient, mirror: Mirror): Engine['execs'] {
  const inspect = async (id: string) => toDetails(await client.json('GET', `/exec/${id}/json`));
  const resize = async (id: string, { columns, rows }: { columns: number; rows: number }) => {
    await client.json('POST', `/exec/${id}/resize`, { query: { w: columns, h: rows } }).catch(() => {}); // it has ended
  };
  /** What has ended may need a moment until that is known there; what runs on was left by its keys. */
  const exitCode = async (id: string) => {
    for (let tries = 0; ; tries++) {
      const { status, exitCode: code = -1 } = await inspect(id);
      if (status === 'ended') return code;
      if (tries === 5) return undefined;
      await sleep(50);
    }
  };
  return {
    async create(name, spec) {
      const { id: container } = mirror.container(name);
      const body = bodyOf(spec);
      const made = new JsonFields(await client.json('POST', `/containers/${container}/exec`, { body }));
      return { id: made.text('Id') ?? '', container, spec, status: 'created' };
    },
    inspect,
    async start(id, { attach = false, terminalSize } = {}) {
      const { spec } = await inspect(id);
      const tty = spec.tty ?? false;
      if (!attach) {
        await client.json('POST', `/exec/${id}/start`, { body: { Detach: true, Tty: tty } });
        return { ended: Promise.resolve(undefined), leave() {} };
      }
      const consoleSize =
        terminalSize === undefined ? {} : { ConsoleSize: [terminalSize.rows, terminalSize.columns] };
      const body = { Detach: false, Tty: tty, ...consoleSize };
      const stream = await client.hijack(`/exec/${id}/start`, { body });
      if (terminalSize !== undefined) await resize(id, terminalSize);
      return {
        attachment: attachmentOf(stream, tty, size => void resize(id, size)),
        ended: closed(stream).then(async () => await exitCode(id)),
        leave: () => void stream.destroy(),
      };
    },
    resize,
    async detached() {
      // It is told by the connection's end.
    },
  };
}

function closed(stream: Duplex): Promise<void> {
  return new Promise(resolve => {
    if (stream.closed) resolve();
    stream.once('close', () => resolve());
  });
}

function bodyOf({ command, tty = false, env, user, workdir, ...spec }: ExecSpec): object {
  return {
    Cmd: command,
    Tty: tty,
    AttachStdin: spec.openStdin ?? false,
    AttachStdout: spec.stdout ?? false,
    AttachStderr: spec.stderr ?? false,
    Env: env ?? [],
    User: user ?? '',
    WorkingDir: workdir ?? '',
    Privileged: spec.privileged ?? false,
    ...(spec.detachKeys === undefined ? {} : { DetachKeys: spec.detachKeys }),
  };
}

function toDetails(json: unknown): ExecDetails {
  const fields = new JsonFields(json);
  const config = fields.object('ProcessConfig');
  const running = fields.flag('Running') ?? false;
  const [pid, exitCode] = [fields.number('Pid'), fields.number('ExitCode')];
  return {
    id: fields.text('ID') ?? '',
    container: fields.text('ContainerID') ?? '',
    spec: {
      command: [config.text('entrypoint') ?? '', ...(config.texts('arguments') ?? [])],
      tty: config.flag('tty') ?? false,
    },
    status: running ? 'running' : exitCode === undefined ? 'created' : 'ended',
    ...(pid ? { pid } : {}),
    ...(running || exitCode === undefined ? {} : { exitCode }),
  };
}
