import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { findExecutable, run, start } from '../../../src/engine/kernel/index.ts';
import {
  cgroupProcesses,
  createRuntime,
  type ProcessRequest,
  removeCgroup,
} from '../../../src/engine/runtime/index.ts';
import { isPlimsollError } from '../../../src/errors.ts';
import { cannotRunContainers, makeBusyboxRootfs } from '../../support/busybox-rootfs.ts';

for (const name of ['crun', 'runc'] as const) {
  const path = findExecutable(name);
  const skip = cannotRunContainers || (path === undefined ? `needs ${name}` : false);
  describe(`Runtime.runToEnd() with ${name}`, { skip }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'plr-'));
    const rootfs = makeBusyboxRootfs(join(folder, 'rootfs'));
    const runtime = createRuntime({ runDir: folder, runtime: { name, path: path ?? '' } });
    let count = 0;
    after(() => {
      removeCgroup(`/plimsoll-test-${process.pid}`);
      rmSync(folder, { recursive: true, force: true });
    });

    const execute = async (args: string[], changes: Partial<ProcessRequest> = {}, signal?: AbortSignal) => {
      const id = `step-${process.pid}-${name}-${count++}`;
      const output = { stdout: '', stderr: '' };
      const code = await runtime.runToEnd({
        bundle: join(folder, id),
        process: { ...request(id, rootfs, args), ...changes },
        onOutput: (stream, chunk) => {
          output[stream] += chunk.toString();
        },
        ...(signal ? { signal } : {}),
      });
      assert.deepEqual(readdirSync(join(folder, 'runtime')), [], 'nothing is left of the step');
      return { code, ...output };
    };

    test('gives back both streams and the exit code', async () => {
      const result = await execute(['sh', '-c', 'echo out; echo err >&2; exit 7']);
      assert.deepEqual(result, { code: 7, stdout: 'out\n', stderr: 'err\n' });
    });

    test('has COMMAND_NOT_FOUND and COMMAND_NOT_EXECUTABLE as errors of their own', async () => {
      await assert.rejects(execute(['nope']), { code: 'COMMAND_NOT_FOUND' });
      await assert.rejects(execute(['/etc/passwd']), { code: 'COMMAND_NOT_EXECUTABLE' });
    });

    test('denies what the seccomp profile denies, first and with the kept filter', async () => {
      for (const _ of [1, 2]) {
        const { code, stderr } = await execute(['sh', '-c', 'unshare -U true; c=$?; sleep 0.1; exit $c']);
        assert.equal(code, 1);
        assert.match(stderr, /not permitted/i);
      }
      if (name === 'crun') assert.equal(readdirSync(join(folder, 'seccomp')).length, 1);
    });

    test('binds a profile of the user, first and with the kept filter', async () => {
      const profile = join(folder, 'no-mkdir.json');
      const rule = { names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 13 };
      writeFileSync(profile, JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [rule] }));
      for (const _ of [1, 2]) {
        const { stderr } = await execute(['sh', '-c', 'mkdir /tmp/x; sleep 0.1'], { seccomp: profile });
        assert.match(stderr, /Permission denied/);
      }
    });

    test('dies with an abort and leaves nothing', async () => {
      const abort = new AbortController();
      const running = execute(['sleep', '1000'], {}, abort.signal);
      setTimeout(() => abort.abort(), 150);
      await assert.rejects(running, error => isPlimsollError(error, 'cancelled'));
      assert.deepEqual(readdirSync(join(folder, 'runtime')), []);
    });

    test('dies with an abort that comes before the runtime has created anything', async () => {
      const slow = join(folder, 'slow');
      writeFileSync(slow, `#!/bin/sh\ncase " $* " in *" run "*) sleep 0.5 ;; esac\nexec ${path} "$@"\n`, {
        mode: 0o755,
      });
      const late = createRuntime({ runDir: folder, runtime: { name, path: slow } });
      const abort = new AbortController();
      const id = `late-${process.pid}-${name}`;
      const running = late.runToEnd({
        bundle: join(folder, id),
        process: request(id, rootfs, ['sh', '-c', 'sleep 1; touch /ran-on']),
        onOutput: () => {},
        signal: abort.signal,
      });
      setTimeout(() => abort.abort(), 100);
      await assert.rejects(running, error => isPlimsollError(error, 'cancelled'));
      assert.ok(!existsSync(join(rootfs, 'ran-on')));
      assert.deepEqual(readdirSync(join(folder, 'runtime')), []);
    });

    test('dies with an abort whose deletion takes the state away and leaves the process', async () => {
      const blind = join(folder, 'blind');
      const forget = `[ -e "$2/$5" ] || exit 1; rm -r "$2/$5"; exit 0`;
      writeFileSync(blind, `#!/bin/sh\ncase " $* " in *" delete "*) ${forget} ;; esac\nexec ${path} "$@"\n`, {
        mode: 0o755,
      });
      const forgetful = createRuntime({ runDir: folder, runtime: { name, path: blind } });
      const abort = new AbortController();
      const id = `forgotten-${process.pid}-${name}`;
      const wanted = request(id, rootfs, ['sh', '-c', 'echo begun; exec sleep 1000']);
      const running = forgetful.runToEnd({
        bundle: join(folder, id),
        process: wanted,
        onOutput: () => abort.abort(),
        signal: abort.signal,
      });
      await assert.rejects(running, error => isPlimsollError(error, 'cancelled'));
      assert.deepEqual(cgroupProcesses(wanted.cgroupPath), []);
      assert.deepEqual(readdirSync(join(folder, 'runtime')), []);
    });

    test('dies with a caller that is killed', async () => {
      const id = `orphan-${process.pid}-${name}`;
      const script = join(folder, 'caller.ts');
      const index = join(import.meta.dirname, '../../../src/engine/runtime/index.ts');
      const options = { runDir: folder, runtime: { name, path } };
      const call = { bundle: join(folder, id), process: request(id, rootfs, ['sleep', '1000']) };
      writeFileSync(
        script,
        `import { createRuntime } from '${index}';
         const call = ${JSON.stringify(call)};
         createRuntime(${JSON.stringify(options)}).runToEnd({ ...call, onOutput: () => {} });`,
      );
      const caller = start(process.execPath, [script], { stdio: 'ignore' });
      const state = join(folder, 'runtime', id);
      while (!existsSync(join(state, name === 'crun' ? 'status' : 'state.json'))) await sleep(10);
      caller.kill('SIGKILL');
      while (existsSync(state)) await sleep(10);
      // the shell and the runtime that deleted it end a moment after the state is gone
      const processes = async () => (await run('ps', ['-e', '-o', 'args'])).stdout;
      while ((await processes()).includes(id)) await sleep(25);
    });
  });
}

function request(id: string, rootfs: string, args: string[]): ProcessRequest {
  return {
    id,
    rootfs,
    args,
    env: ['PATH=/bin'],
    cwd: '/',
    user: { uid: 0, gid: 0, additionalGids: [] },
    hostname: 'step',
    tty: false,
    readOnlyRoot: false,
    privileged: false,
    capAdd: [],
    capDrop: [],
    noNewPrivileges: false,
    network: 'new',
    mounts: [],
    limits: { memoryBytes: 64 * 1024 * 1024 },
    cgroupPath: `/plimsoll-test-${process.pid}/${id}`,
  };
}
