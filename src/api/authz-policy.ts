import { readFileSync } from 'node:fs';
import type { BuildRequest, ContainerSpec, Engine, ExecRequest } from '../engine/index.ts';
import { messageOf, PlimsollError } from '../errors.ts';

/** What clients of the API may be forbidden. */
const rules = {
  'bind-mounts': (spec: ContainerSpec) => spec.mounts?.some(({ type }) => type === 'bind'),
  privileged: (spec: ContainerSpec) => spec.privileged,
  'host-network': (spec: ContainerSpec) =>
    spec.network === 'host' || spec.attachments?.some(({ network }) => network === 'host'),
  'host-namespaces': (spec: ContainerSpec) =>
    [spec.pid, spec.ipc, spec.uts, spec.cgroupns, spec.userns].includes('host'),
  devices: (spec: ContainerSpec) =>
    [spec.devices, spec.deviceRules, spec.cdiDevices].some(list => (list?.length ?? 0) > 0) ||
    spec.gpus !== undefined,
  capabilities: (spec: ContainerSpec) => (spec.capAdd?.length ?? 0) > 0,
  unconfined: (spec: ContainerSpec) =>
    spec.seccomp === 'unconfined' || spec.apparmor === 'unconfined' || spec.unmasked,
} as const satisfies Record<string, (spec: ContainerSpec) => boolean | undefined>;

type Rule = keyof typeof rules;

/** What clients of the API may not ask for. */
export interface AuthzPolicy {
  readonly forbid: readonly Rule[];
}

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
 * was asked for. Refused is also what would lead around it: volumes that are folders of the host, a privileged exec,
 * builds beyond the sandbox. Throws `permission-denied` (`FORBIDDEN_BY_POLICY`).
 */
export function restricted(engine: Engine, { forbid }: AuthzPolicy): Engine {
  const has = (rule: Rule) => forbid.includes(rule);
  const containers: Partial<Engine['containers']> = {
    async create(spec, options) {
      const broken = forbid.find(rule => rules[rule](spec));
      if (broken !== undefined) throw forbidden(broken);
      return await engine.containers.create(spec, options);
    },
    async exec(name, request: ExecRequest) {
      if (request.privileged && has('privileged')) throw forbidden('privileged');
      return await engine.containers.exec(name, request);
    },
    async connect(name, attachment) {
      if (attachment.network === 'host' && has('host-network')) throw forbidden('host-network');
      await engine.containers.connect(name, attachment);
    },
  };
  const volumes: Partial<Engine['volumes']> = {
    create(request) {
      if (has('bind-mounts') && Object.keys(request?.options ?? {}).length > 0)
        throw forbidden('bind-mounts');
      return engine.volumes.create(request);
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
  return over(engine, {
    containers: over(engine.containers, containers),
    volumes: over(engine.volumes, volumes),
    builds: over(engine.builds, builds),
  });
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
