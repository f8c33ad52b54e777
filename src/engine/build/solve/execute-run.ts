import { lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PlimsollError } from '../../../errors.ts';
import { resolveInRoot } from '../../kernel/index.ts';
import {
  type ContainerLimits,
  errorLines,
  type ProcessMount,
  pathOfCgroup,
  resolveUser,
  startError,
  type Ulimit,
} from '../../runtime/index.ts';
import { makeFolder } from '../copy/index.ts';
import { type RunOperation, scriptPath } from '../plan/index.ts';
import type { StepDeps } from './build-deps.ts';
import { checkRights } from './chroot/rights.ts';
import { runInChroot } from './chroot/run-in-chroot.ts';
import { hideValues } from './hide-values.ts';
import { LastLines } from './last-lines.ts';
import { inMemory, openMounts, type SecretValues, type SshAgents } from './mounts/index.ts';
import type { StepFiles } from './step-files.ts';
import { makeStubs } from './stubs.ts';

/** What the caller of a build gives to all of its commands. */
export interface RunSettings {
  readonly secrets: SecretValues;
  readonly agents: SshAgents;
  readonly limits: ContainerLimits;
  readonly ulimits: readonly Ulimit[];
  /** Of /dev/shm. */
  readonly shmBytes?: number;
  /** Cgroup to run below, relative to the cgroup mounts; default the root's own. */
  readonly cgroupParent?: string;
  /** Default `oci`. */
  readonly isolation?: 'oci' | 'chroot';
}

export interface RunRequest {
  /** The merged root filesystem, writable. */
  readonly rootfs: string;
  readonly operation: RunOperation;
  readonly settings: RunSettings;
  readonly files: StepFiles;
  /** Names the step among all of the machine: `build-<build>-<step>`. */
  readonly name: string;
  /** A folder of its own, to be made and deleted. */
  readonly bundle: string;
  readonly onOutput: (stream: 'stdout' | 'stderr', chunk: Buffer) => void;
  /** Further mounts, over those of the operation. */
  readonly volumes?: readonly ProcessMount[];
  /** With the caller's own terminal. */
  readonly terminal?: boolean;
  /** An exit code other than 0 is a result like another. */
  readonly anyCode?: boolean;
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
 * Runs the command of a RUN step in its root filesystem, with mounts, a network, names and a resolver of its own that leave
 * no trace in the layer. Secrets are in memory only, and hidden in its output. Returns the exit code. Throws `CommandFailed` for an exit code
 * other than 0, `cancelled` if the signal fired; then nothing of the process, its network or its bundle is left.
 */
export async function executeRun(deps: StepDeps, request: RunRequest): Promise<number> {
  const { operation, rootfs, settings, name, bundle, files, volumes = [], terminal = false } = request;
  const hasMounts = operation.mounts.length + volumes.length > 0 || operation.script !== undefined;
  checkRights(settings.isolation ?? 'oci', hasMounts);
  await using stack = new AsyncDisposableStack();
  const user = resolveUser(rootfs, operation.user);
  makeFolder(rootfs, operation.cwd, { uid: 0, gid: 0 });
  mkdirSync(bundle, { recursive: true, mode: 0o700 });
  stack.defer(() => rmSync(bundle, { recursive: true, force: true }));
  if (operation.mounts.some(({ type }) => type === 'secret')) stack.use(await inMemory(bundle));
  const opened = stack.use(
    await openMounts(operation.mounts, {
      ...{ deps, files, secrets: settings.secrets, agents: settings.agents, folder: bundle },
      say: line => request.onOutput('stderr', Buffer.from(`${line}\n`)),
    }),
  );
  const isChroot = settings.isolation === 'chroot';
  const network = await connect(deps, isChroot ? seenAsHost(operation) : operation, name);
  stack.defer(() => network.disconnect());
  const inside = (place: string) => resolveInRoot(rootfs, place).slice(rootfs.length);
  stack.defer(
    makeStubs(rootfs, ['/proc/', '/dev/', '/sys/', ...names, ...opened.places, ...volumes.map(placeOf)]),
  );
  const output = hiddenOutput(opened.hidden, request.onOutput);
  const code = await (isChroot ? runInChroot : deps.runtime().runToEnd)({
    bundle,
    signal: files.signal,
    onOutput: output.add,
    terminal,
    process: {
      id: name,
      rootfs,
      args: operation.args,
      env: environment(operation, user.home, opened.env),
      cwd: operation.cwd,
      user,
      hostname: operation.hostname ?? 'build',
      tty: terminal,
      readOnlyRoot: false,
      privileged: operation.privileged,
      capAdd: [],
      capDrop: [],
      noNewPrivileges: false,
      network: network.namespace,
      mounts: [
        file(bundle, 'resolv.conf', network.resolver, inside(names[0])),
        file(bundle, 'hosts', hostsFile(operation), inside(names[1])),
        ...(operation.script === undefined
          ? []
          : [file(bundle, 'script', operation.script, scriptPath, 0o755)]),
        ...opened.mounts.map(mount => ({ ...mount, target: inside(mount.target) })),
        ...volumes,
      ],
      limits: settings.limits,
      ulimits: settings.ulimits,
      ...(settings.shmBytes === undefined ? {} : { shmBytes: settings.shmBytes }),
      cgroupPath: `${settings.cgroupParent ?? pathOfCgroup(deps.root.id)}/${name}`,
    },
  });
  output.end();
  if (code !== 0 && !request.anyCode) {
    throw notBegun(output.lastLines(), operation.args) ?? new CommandFailed(code, output.lastLines());
  }
  return code;
}

/** crun's own complaint, where it has become the process and could not run the program: then that is all that was written. */
function notBegun(output: string, args: readonly string[]): PlimsollError | undefined {
  const complaint = output.includes('\n') ? '' : errorLines(output);
  return /^exec container process /.test(complaint) ? startError(complaint, args[0] ?? '') : undefined;
}

/** What a mount stands on, as `makeStubs` takes it. */
function placeOf(mount: ProcessMount): string {
  const isFile = mount.type === 'bind' && !lstatSync(mount.source).isDirectory();
  return isFile ? mount.target : `${mount.target.replace(/\/$/, '')}/`;
}

/** Files of the root filesystem that a step sees in another form. */
const names = ['/etc/resolv.conf', '/etc/hosts'] as const;

/** Passes output on without what is to be hidden, and keeps its end. */
function hiddenOutput(hidden: readonly Buffer[], onOutput: RunRequest['onOutput']) {
  const lastLines = new LastLines();
  const hiders = { stdout: hideValues(hidden), stderr: hideValues(hidden) };
  const pass = (stream: 'stdout' | 'stderr', chunk: Buffer) => {
    if (chunk.length === 0) return;
    lastLines.add(chunk);
    onOutput(stream, chunk);
  };
  return {
    add: (stream: 'stdout' | 'stderr', chunk: Buffer) => pass(stream, hiders[stream].push(chunk)),
    end: () => {
      for (const stream of ['stdout', 'stderr'] as const) pass(stream, hiders[stream].end());
    },
    lastLines: () => lastLines.text(),
  };
}

function environment(
  { env, buildArgs, proxyArgs }: RunOperation,
  home: string,
  mounted: Readonly<Record<string, string>>,
): string[] {
  const all = { HOME: home, ...proxyArgs, ...buildArgs, ...env, ...mounted };
  return Object.entries(all).map(([name, value]) => `${name}=${value}`);
}

function hostsFile({ hosts, hostname = 'build' }: RunOperation): string {
  const extra = hosts.map(entry => {
    const at = entry.indexOf(':');
    return `${entry.slice(at + 1)}\t${entry.slice(0, at)}\n`;
  });
  return `127.0.0.1\tlocalhost ${hostname}\n::1\tlocalhost ip6-localhost\n${extra.join('')}`;
}

function file(folder: string, name: string, content: string, target: string, mode = 0o644): ProcessMount {
  const source = join(folder, name);
  writeFileSync(source, content, { mode });
  return { type: 'bind', source, target, readOnly: true };
}

/** Without a network namespace of its own there is only the machine's. */
function seenAsHost(operation: RunOperation): RunOperation {
  return operation.network === 'bridge' ? { ...operation, network: 'host' } : operation;
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
