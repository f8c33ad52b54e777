import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PlimsollError } from '../../../errors.ts';
import { type ProcessMount, resolveInRoot, resolveUser } from '../../runtime/index.ts';
import { makeFolder } from '../copy/index.ts';
import { type RunOperation, scriptPath } from '../plan/index.ts';
import type { StepDeps } from './build-deps.ts';
import { LastLines } from './last-lines.ts';
import { makeStubs } from './stubs.ts';

export interface RunRequest {
  /** The merged root filesystem, writable. */
  readonly rootfs: string;
  readonly operation: RunOperation;
  /** Names the step among all of the machine: `build-<build>-<step>`. */
  readonly name: string;
  /** A folder of its own, to be made and deleted. */
  readonly bundle: string;
  readonly signal: AbortSignal;
  readonly onOutput: (stream: 'stdout' | 'stderr', chunk: Buffer) => void;
}

/** A RUN step's command that ended with another code than 0. */
export class CommandFailed extends PlimsollError {
  readonly exitCode: number;
  /** Its last lines of output. */
  readonly output: string;

  constructor(exitCode: number, output: string) {
    super('invalid-argument', `the command ended with exit code ${exitCode}`, { code: 'STEP_FAILED' });
    this.exitCode = exitCode;
    this.output = output;
  }
}

/**
 * Runs the command of a RUN step in its root filesystem, with a network, names and a resolver of its own that leave no
 * trace in the layer. Throws `CommandFailed` for an exit code other than 0, `cancelled` if the signal fired; then
 * nothing of the process, its network or its bundle is left.
 */
export async function executeRun(deps: StepDeps, request: RunRequest): Promise<void> {
  const { operation, rootfs, name, bundle } = request;
  const user = resolveUser(rootfs, operation.user);
  makeFolder(rootfs, operation.cwd, { uid: 0, gid: 0 });
  mkdirSync(bundle, { recursive: true, mode: 0o700 });
  const network = await connect(deps, operation, name);
  const places = ['/etc/resolv.conf', '/etc/hosts'] as const;
  const removeStubs = makeStubs(rootfs, ['/proc/', '/dev/', '/sys/', ...places]);
  const lastLines = new LastLines();
  try {
    const inside = (place: string) => resolveInRoot(rootfs, place).slice(rootfs.length);
    const code = await deps.runtime().runToEnd({
      bundle,
      signal: request.signal,
      onOutput: (stream, chunk) => {
        lastLines.add(chunk);
        request.onOutput(stream, chunk);
      },
      process: {
        id: name,
        rootfs,
        args: operation.args,
        env: environment(operation, user.home),
        cwd: operation.cwd,
        user,
        hostname: 'build',
        tty: false,
        readOnlyRoot: false,
        privileged: false,
        capAdd: [],
        capDrop: [],
        noNewPrivileges: false,
        network: network.namespace,
        mounts: [
          file(bundle, 'resolv.conf', network.resolver, inside(places[0])),
          file(
            bundle,
            'hosts',
            '127.0.0.1\tlocalhost build\n::1\tlocalhost ip6-localhost\n',
            inside(places[1]),
          ),
          ...(operation.script === undefined
            ? []
            : [file(bundle, 'script', operation.script, scriptPath, 0o755)]),
        ],
        limits: {},
        cgroupPath: `/plimsoll-${deps.root.id}/${name}`,
      },
    });
    if (code !== 0) throw new CommandFailed(code, lastLines.text());
  } finally {
    removeStubs();
    await network.disconnect();
    rmSync(bundle, { recursive: true, force: true });
  }
}

function environment({ env, buildArgs, proxyArgs }: RunOperation, home: string): string[] {
  const all = { HOME: home, ...proxyArgs, ...buildArgs, ...env };
  return Object.entries(all).map(([name, value]) => `${name}=${value}`);
}

function file(folder: string, name: string, content: string, target: string, mode = 0o644): ProcessMount {
  const source = join(folder, name);
  writeFileSync(source, content, { mode });
  return { type: 'bind', source, target, readOnly: true };
}

interface StepNetworkState {
  readonly namespace: string;
  readonly resolver: string;
  disconnect(): Promise<void>;
}

async function connect(deps: StepDeps, { network }: RunOperation, name: string): Promise<StepNetworkState> {
  if (network === 'none') return { namespace: 'new', resolver: '', disconnect: async () => {} };
  if (network === 'host') return { namespace: 'host', resolver: hostResolver(), disconnect: async () => {} };
  const endpoint = await deps.networks.connect({ container: name, names: [], network: 'bridge', ports: [] });
  return {
    namespace: endpoint.namespace,
    resolver: endpoint.nameservers.map(server => `nameserver ${server}\n`).join(''),
    disconnect: () => deps.networks.disconnect(name),
  };
}

function hostResolver(): string {
  try {
    return readFileSync('/etc/resolv.conf', 'utf8');
  } catch {
    return ''; // a host without one resolves nothing either
  }
}
