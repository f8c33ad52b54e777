import { readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { cancelled, errnoOf } from '../../../../errors.ts';
import { commandError, findExecutable, start } from '../../../kernel/index.ts';
import { type Runtime, readHostFeatures, resolveCapabilities } from '../../../runtime/index.ts';
import { type ChrootTools, chrootScript } from './chroot-script.ts';
import { ownRights } from './rights.ts';
import { standIns } from './stand-ins.ts';

type EndRequest = Parameters<Runtime['runToEnd']>[0];

/**
 * Runs a process to its end with another root folder and nothing else between it and the machine: for callers that may not
 * make containers. It sees the machine's processes and is on its network, unless `process.network` is `new`. When it has
 * ended, so has everything that it left running. Without the right to mount (CAP_SYS_ADMIN) it has no /proc and no /sys.
 * Rejects like `Runtime.runToEnd`.
 */
export async function runInChroot(request: EndRequest): Promise<number> {
  const { process: wanted, signal } = request;
  if (signal?.aborted) throw cancelled('the step');
  const rights = ownRights();
  const tools = findTools();
  const { capabilities } = resolveCapabilities({
    ...{ privileged: wanted.privileged, add: wanted.capAdd, drop: wanted.capDrop },
    bounding: readHostFeatures().boundingCapabilities,
  });
  const script = chrootScript(wanted, { rights, tools, capabilities });
  const namespaces = [
    ...(rights.mount ? ['--mount', '--propagation=private'] : []),
    ...(wanted.network === 'new' ? ['--net'] : []),
  ];
  const shell = ['/bin/sh', '-c', script];
  using _there = rights.mount ? undefined : await standIns(wanted.rootfs, wanted.mounts);
  const [command = '', ...args] = namespaces.length === 0 ? shell : [tools.unshare, ...namespaces, ...shell];
  const code = await spawned(command, args, request).finally(() => killBelow(wanted.rootfs));
  if (signal?.aborted) throw cancelled('the step');
  return code;
}

function spawned(
  command: string,
  args: readonly string[],
  { onOutput, signal, terminal, process: { rootfs } }: EndRequest,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = start(command, args, {
      stdio: terminal ? 'inherit' : ['ignore', 'pipe', 'pipe'],
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    });
    const stop = () => {
      child.kill('SIGKILL');
      killBelow(rootfs);
    };
    signal?.addEventListener('abort', stop, { once: true });
    child.stdout?.on('data', (chunk: Buffer) => onOutput('stdout', chunk));
    child.stderr?.on('data', (chunk: Buffer) => onOutput('stderr', chunk));
    child.on('error', error => reject(commandError(command, error)));
    child.on('exit', () => killBelow(rootfs)); // who is left holds the pipes open
    child.on('close', code => {
      signal?.removeEventListener('abort', stop);
      resolve(code ?? 137);
    });
  });
}

/** Kills every process whose root folder this is. */
function killBelow(rootfs: string): void {
  const root = realpathSync(rootfs);
  for (let round = 0; round < 10; round++) {
    const left = readdirSync('/proc').filter(name => /^\d+$/.test(name) && rootOf(name) === root);
    if (left.length === 0) return;
    for (const pid of left) {
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch (error) {
        if (errnoOf(error) !== 'ESRCH') throw error;
      }
    }
  }
}

function rootOf(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/root`);
  } catch {
    return undefined; // it has ended
  }
}

function findTools(): ChrootTools {
  const find = (name: string) => {
    const path = findExecutable(name);
    if (path === undefined) throw commandError(name, Object.assign(new Error(name), { code: 'ENOENT' }));
    return path;
  };
  return {
    mount: find('mount'),
    mkdir: find('mkdir'),
    setpriv: find('setpriv'),
    unshare: find('unshare'),
    env: find('env'),
  };
}
