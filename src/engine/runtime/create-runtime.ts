import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, PlimsollError } from '../../errors.ts';
import { adopt, type RunResult, run, start } from '../kernel/index.ts';
import { writeCreateWrapper } from './create-wrapper.ts';
import { forgetEnded, releaseCreated } from './crun-state.ts';
import { findRuntime } from './find-runtime.ts';
import { runToEnd } from './run-to-end.ts';
import { startError } from './runtime-error.ts';
import { type CompiledFilters, compiledFilters } from './seccomp/compiled-filters.ts';
import { defaultProfile } from './seccomp/default-profile.ts';
import { parseSeccompProfile } from './seccomp/parse-profile.ts';
import { type OciSeccomp, resolveSeccomp } from './seccomp/resolve-seccomp.ts';
import { buildSpec } from './spec/build-spec.ts';
import type { RequestedDevice } from './spec/devices.ts';
import {
  blockDeviceNumber,
  findDevices,
  type HostFeatures,
  readHostDevices,
  readHostFeatures,
} from './spec/host-features.ts';
import { limitsToResources } from './spec/limits.ts';
import type { OciSpec } from './spec/oci-spec.ts';
import type { ProcessRequest, Runtime } from './types.ts';
import { userToBe } from './user/user-to-be.ts';

/** How crun takes a compiled filter, crun(1). */
const compiledFilterAnnotation = 'run.oci.seccomp_bpf_data';

/**
 * The OCI runtime of this host for one root. Cheap: looks for files, starts nothing. Throws `unavailable` if there is
 * none. `runDir` is the root's run folder: the runtime's own state and the compiled filters live in it.
 */
export function createRuntime(options: {
  readonly runDir: string;
  /** Of the root, which names its cgroup; without it, nothing is taken out of its caller's. */
  readonly id?: string;
  /** Where programs may be executed (/run often forbids it): for a wrapper of crun, where one is needed. */
  readonly dataDir?: string;
  /** Default: crun if it is installed, else runc. */
  readonly runtime?: { readonly name: 'crun' | 'runc'; readonly path: string };
}): Runtime {
  const { name, path } = options.runtime ?? findRuntime();
  const host = readHostFeatures();
  const stateDir = join(options.runDir, 'runtime');
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const filters = name === 'crun' ? compiledFilters(join(options.runDir, 'seccomp'), path) : undefined;
  const isolated = name === 'crun' && host.cgroup === 'none' ? ['--cgroup-manager=disabled'] : [];
  const globalArgs = [`--root=${stateDir}`, ...isolated];
  const needsWrapper = name === 'crun' && host.cgroup === 'hybrid';
  const invoke = (...args: string[]) => run(path, [...globalArgs, ...args]);
  const runtime: Runtime = {
    name,
    path,
    globalArgs,
    createPath: needsWrapper ? writeCreateWrapper(options.dataDir ?? options.runDir, path) : path,
    async adopt(pid) {
      if (options.id !== undefined) await adopt(options.id, pid);
    },
    async writeBundle(bundle, request) {
      return writeBundle(bundle, request, host, filters);
    },
    keepCompiledFilter(bundle, id) {
      if (filters === undefined) return;
      const state = join(stateDir, id);
      if (!existsSync(join(state, 'seccomp.bpf'))) return;
      try {
        const { linux, annotations } = JSON.parse(
          readFileSync(join(bundle, 'config.json'), 'utf8'),
        ) as OciSpec;
        if (linux.seccomp === undefined || compiledFilterAnnotation in annotations) return;
        filters.harvest(linux.seccomp, state);
      } catch {
        // It saves time, and is worth no failure: of a full disk, or of a container that has just gone.
      }
    },
    async start(id, { hooks = false } = {}) {
      if (name === 'crun' && !hooks && releaseCreated(join(stateDir, id))) return;
      const result = await invoke('start', id);
      if (result.code !== 0) throw startError(result.stderr, commandOf(result, id));
    },
    isWaiting: id => existsSync(join(stateDir, id, 'exec.fifo')),
    async kill(id, signal, { all = false } = {}) {
      const result = await invoke('kill', ...(all ? ['--all'] : []), id, signal);
      if (result.code !== 0 && existsSync(join(stateDir, id)) && !isGone(result))
        throw failed('kill', result);
    },
    async delete(id) {
      if (!existsSync(join(stateDir, id))) return;
      if (name === 'crun' && forgetEnded(join(stateDir, id))) return;
      const result = await invoke('delete', '--force', id);
      if (result.code !== 0 && existsSync(join(stateDir, id))) throw failed('delete', result);
    },
    async update(id, limits) {
      const { resources, warnings } = limitsToResources(limits, host, blockDeviceNumber);
      if (host.cgroup === 'none') return warnings;
      const file = join(options.runDir, `limits-${id}.json`); // crun cannot read the socket that Node gives as stdin
      writeFileSync(file, JSON.stringify(resources));
      const result = await invoke('update', '--resources', file, id).finally(() =>
        rmSync(file, { force: true }),
      );
      if (result.code !== 0) throw failed('update', result);
      return warnings;
    },
    exec(id, { processFile, pidFile, log, stdio, tty }) {
      const flags = tty ? ['--tty'] : [];
      const files = ['--process', processFile, '--pid-file', pidFile];
      return start(
        path,
        [...globalArgs, `--log=${log}`, '--log-format=json', 'exec', ...flags, ...files, id],
        {
          stdio,
        },
      );
    },
    runToEnd(request) {
      return runToEnd(runtime, stateDir, request);
    },
  };
  return runtime;
}

function writeBundle(
  bundle: string,
  request: ProcessRequest,
  host: HostFeatures,
  filters: CompiledFilters | undefined,
) {
  const { spec, warnings } = buildSpec({ ...request, user: userToBe(request.user, host) }, host, {
    seccomp: capabilities => seccompFor(request.seccomp, capabilities, host),
    hostDevices: request.privileged ? readHostDevices() : [],
    devices: (request.devices ?? []).flatMap(expandDevice),
    deviceNumber: blockDeviceNumber,
  });
  const program = spec.linux.seccomp === undefined ? undefined : filters?.get(spec.linux.seccomp);
  const annotations =
    program === undefined ? spec.annotations : { ...spec.annotations, [compiledFilterAnnotation]: program };
  mkdirSync(bundle, { recursive: true, mode: 0o700 });
  writeFileSync(join(bundle, 'config.json'), JSON.stringify({ ...spec, annotations }), { mode: 0o600 });
  return { warnings };
}

/** A folder stands for every device in it. */
function expandDevice(wanted: RequestedDevice) {
  return findDevices(wanted.source).map(({ device, below }) => ({
    ...wanted,
    target: wanted.target + below,
    found: device,
  }));
}

function seccompFor(
  wanted: string | undefined,
  caps: readonly string[],
  { arch, kernel }: HostFeatures,
): OciSeccomp | undefined {
  if (wanted === 'unconfined') return undefined;
  const profile =
    wanted === undefined || wanted === 'builtin'
      ? defaultProfile
      : isInline(wanted)
        ? parseSeccompProfile(wanted, 'that was given')
        : parseSeccompProfile(readProfile(wanted), wanted);
  return resolveSeccomp(profile, { arch, caps, kernel });
}

/** A profile itself, as docker's clients send it, in place of a file's name. */
function isInline(wanted: string): boolean {
  return wanted.trimStart().startsWith('{');
}

function readProfile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new PlimsollError(
      'invalid-argument',
      `cannot read the seccomp profile "${path}" (${errnoOf(error)})`,
      {
        code: 'SECCOMP_PROFILE_INVALID',
        hint: "name a file in Docker's JSON form, or 'unconfined'",
        cause: error,
      },
    );
  }
}

function isGone({ stderr }: RunResult): boolean {
  return /not running|no such process|does not exist|already finished|container.*stopped/i.test(stderr);
}

function commandOf({ stderr }: RunResult, id: string): string {
  return /[`"]([^`"]+)[`"]/.exec(stderr)?.[1] ?? id;
}

function failed(verb: string, { stderr, code }: RunResult): PlimsollError {
  const words = stderr.trim().split('\n').at(-1) || `exit ${code}`;
  return new PlimsollError('internal', `the runtime could not ${verb} the container: ${words}`, {
    code: 'RUNTIME_FAILED',
    data: { verb, detail: stderr.slice(0, 2000) },
  });
}
