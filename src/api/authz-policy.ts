import { readFileSync } from 'node:fs';
import type { BuildRequest, ContainerSpec, Engine, ExecRequest } from '../engine/index.ts';
import { isPlimsollError, messageOf, PlimsollError } from '../errors.ts';

/**
 * What clients of the API may be forbidden. A privileged container has devices and capabilities, and nothing confines it,
 * without asking for them one by one.
 */
const rules = {
  'bind-mounts': (spec: ContainerSpec) => spec.mounts?.some(({ type }) => type === 'bind'),
  privileged: (spec: ContainerSpec) => spec.privileged,
  'host-network': (spec: ContainerSpec) =>
    spec.network === 'host' || spec.attachments?.some(({ network }) => network === 'host'),
  'host-namespaces': (spec: ContainerSpec) =>
    [spec.pid, spec.ipc, spec.uts, spec.cgroupns, spec.userns].includes('host'),
  devices: (spec: ContainerSpec) =>
    spec.privileged ||
    [spec.devices, spec.deviceRules, spec.cdiDevices].some(list => (list?.length ?? 0) > 0) ||
    spec.gpus !== undefined,
  capabilities: (spec: ContainerSpec) => spec.privileged || (spec.capAdd?.length ?? 0) > 0,
  unconfined: (spec: ContainerSpec) =>
    spec.privileged ||
    (spec.seccomp ?? 'builtin') !== 'builtin' ||
    spec.apparmor === 'unconfined' ||
    spec.unmasked ||
    Object.keys(spec.annotations ?? {}).some(name => runtimeAnnotation.test(name)),
} as const satisfies Record<string, (spec: ContainerSpec) => boolean | undefined>;

/** What the runtime takes orders from: a system call filter, files that hooks write to, properties of units (crun(1)). */
const runtimeAnnotation = /^(run\.oci\.|org\.systemd\.property\.)/;

type Rule = keyof typeof rules;

/** What clients of the API may not ask for. */
export interface AuthzPolicy {
  readonly forbid: readonly Rule[];
}

/** Throws if a client may not have its streams: asked before the connection is taken. */
export type MayEnter = (container: string) => void;

/**
 * Reads a policy: `{ "forbid": ["bind-mounts", "privileged", ...] }`. Throws `invalid-argument` (`BAD_POLICY`) for what is
 * no rule, so that a slip of the pen forbids no less than was meant.
 */
export function readPolicy(file: string): AuthzPolicy {
  const known = Object.keys(rules);
  const bad = (why: string) =>
    new PlimsollError('invalid-argument', `the policy "${file}" ${why}`, {
      code: 'BAD_POLICY',
      hint: `write {"forbid": [...]} with ${known.join(', ')}`,
    });
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw bad(`cannot be read: ${messageOf(error)}`);
  }
  const { forbid, ...others } = Object(json) as { forbid?: unknown };
  const [other] = Object.keys(others);
  if (other !== undefined) throw bad(`has "${other}"`);
  if (!Array.isArray(forbid)) throw bad('forbids nothing');
  const wrong: unknown = forbid.find(rule => !known.includes(String(rule)));
  if (wrong !== undefined) throw bad(`forbids "${String(wrong)}", which is no rule`);
  return { forbid: forbid as Rule[] };
}

/**
 * The engine, less what the policy forbids: it is held against what is about to be made, in whatever words of the API it
 * was asked for. Refused is also what would lead around it: volumes that are folders of the host, networks on its links,
 * a privileged exec, builds beyond the sandbox; and to enter or to join what somebody else has made who may do more.
 * Throws `permission-denied` (`FORBIDDEN_BY_POLICY`).
 */
export function restricted(
  engine: Engine,
  { forbid }: AuthzPolicy,
): { readonly engine: Engine; readonly mayEnter: MayEnter } {
  const has = (rule: Rule) => forbid.includes(rule);
  const check = (spec: ContainerSpec) => {
    const broken = brokenBy(spec, forbid, engine.containers);
    if (broken !== undefined) throw forbidden(broken);
  };
  const enter = (name: string, { privileged = false } = {}) => {
    check(engine.containers.inspect(name).spec);
    if (privileged) check({ image: '', privileged });
  };
  const containers: Partial<Engine['containers']> = {
    async create(spec, options) {
      check(spec);
      return await engine.containers.create(spec, options);
    },
    async exec(name, request: ExecRequest) {
      enter(name, { privileged: request.privileged ?? false });
      return await engine.containers.exec(name, request);
    },
    async attach(name, options) {
      enter(name);
      return await engine.containers.attach(name, options);
    },
    async connect(name, attachment) {
      if (attachment.network === 'host' && has('host-network')) throw forbidden('host-network');
      await engine.containers.connect(name, attachment);
    },
  };
  const execs: Partial<Engine['execs']> = {
    async create(name, spec) {
      enter(name, { privileged: spec.privileged ?? false });
      return await engine.execs.create(name, spec);
    },
  };
  const files: Partial<Engine['files']> = {
    async read(name, path, options) {
      enter(name);
      return await engine.files.read(name, path, options);
    },
    async write(name, folder, tar, options) {
      enter(name);
      await engine.files.write(name, folder, tar, options);
    },
  };
  const volumes: Partial<Engine['volumes']> = {
    create(request) {
      if (has('bind-mounts') && Object.keys(request?.options ?? {}).length > 0)
        throw forbidden('bind-mounts');
      return engine.volumes.create(request);
    },
  };
  const networks: Partial<Engine['networks']> = {
    create(request) {
      if (has('host-network') && (request.driver ?? 'bridge') !== 'bridge') throw forbidden('host-network');
      return engine.networks.create(request);
    },
  };
  const builds: Partial<Engine['builds']> = {
    async build(request: BuildRequest) {
      if (has('host-network') && (request.network === 'host' || request.allow?.includes('network.host')))
        throw forbidden('host-network');
      if (has('privileged') && request.allow?.includes('security.insecure')) throw forbidden('privileged');
      return await engine.builds.build(request);
    },
  };
  const served = over(engine, {
    containers: over(engine.containers, containers),
    execs: over(engine.execs, execs),
    files: over(engine.files, files),
    volumes: over(engine.volumes, volumes),
    networks: over(engine.networks, networks),
    builds: over(engine.builds, builds),
  });
  return { engine: served, mayEnter: enter };
}

/** The rule that a container breaks, or one does whose namespaces or volumes it shares, and so on. */
function brokenBy(
  spec: ContainerSpec,
  forbid: readonly Rule[],
  containers: Pick<Engine['containers'], 'inspect'>,
): Rule | undefined {
  const seen = new Set<string>();
  const waiting = [spec];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const one = next;
    const broken = forbid.find(rule => rules[rule](one));
    if (broken !== undefined) return broken;
    for (const name of sharedBy(one).filter(each => !seen.has(each))) {
      seen.add(name);
      const other = specOf(containers, name);
      if (other !== undefined) waiting.push(other);
    }
  }
  return undefined;
}

function sharedBy(spec: ContainerSpec): string[] {
  const modes = [spec.network, spec.pid, spec.ipc, spec.uts];
  const joined = modes.flatMap(mode => /^container:(.+)$/s.exec(mode ?? '')?.[1] ?? []);
  return [...joined, ...(spec.volumesFrom ?? []).map(({ container }) => container)];
}

function specOf(containers: Pick<Engine['containers'], 'inspect'>, name: string): ContainerSpec | undefined {
  try {
    return containers.inspect(name).spec;
  } catch (error) {
    if (isPlimsollError(error, 'not-found')) return undefined; // who makes the container is told so
    throw error;
  }
}

/** A service with some of its members replaced, and the others as they are: made when they are asked for, perhaps. */
function over<Service extends object>(service: Service, replaced: Partial<Service>): Service {
  return new Proxy(service, {
    get(target, name) {
      if (name in replaced) return replaced[name as keyof Service];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

function forbidden(rule: Rule): PlimsollError {
  return new PlimsollError('permission-denied', `the policy of this daemon forbids ${rule}`, {
    code: 'FORBIDDEN_BY_POLICY',
    hint: 'ask who runs it',
  });
}
