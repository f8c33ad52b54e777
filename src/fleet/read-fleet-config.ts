import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { errnoOf, PlimsollError } from '../errors.ts';
import { nearMisses } from '../lib/near-misses.ts';
import { parseSshTarget } from './parse-ssh-target.ts';
import type { FleetConfig, KubernetesCluster, PrometheusServer, SshMachine } from './types.ts';

/** Where the configuration may be. */
export interface FleetConfigPlaces {
  /** The one file that is meant. */
  readonly path?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const example = 'write as in: machines: [deploy@web-1, {name: db, ssh: root@10.0.0.5, month: 45}]';

/**
 * Which machines there are, from `path`, `~/.config/plimsoll/fleet.yaml` (by XDG_CONFIG_HOME) or
 * `/etc/plimsoll/fleet.yaml`; undefined if there is no such file.
 */
export function readFleetConfig(places: FleetConfigPlaces): FleetConfig | undefined {
  for (const path of pathsOf(places)) {
    const text = textOf(path, path === places.path);
    if (text !== undefined) return parseFleetConfig(text, path);
  }
  return undefined;
}

function pathsOf({ path, env }: FleetConfigPlaces): string[] {
  if (path !== undefined) return [path];
  const own = env.XDG_CONFIG_HOME || (env.HOME && join(env.HOME, '.config'));
  return [...(own ? [join(own, 'plimsoll/fleet.yaml')] : []), '/etc/plimsoll/fleet.yaml'];
}

function textOf(path: string, isWanted: boolean): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' && !isWanted) return undefined;
    throw wrong(path, 'it cannot be read');
  }
}

/** The text of such a file. Throws `invalid-argument` with the name of the file, what is wrong, and an example. */
export function parseFleetConfig(text: string, path: string): FleetConfig {
  const document = parseDocument(text, { prettyErrors: true });
  const [error] = document.errors;
  if (error !== undefined) throw wrong(path, error.message.split('\n')[0] ?? '');
  const refuse = (what: string): never => {
    throw wrong(path, what);
  };
  const keys = ['machines', 'prometheus', 'kubernetes', 'every', 'ssh_config'];
  const given = mappingOf(document.toJS({ maxAliasCount: 0 }) ?? {}, { refuse, name: 'the file', keys });
  const machines = listOf(given.machines, 'machines', refuse).map(one => machineOf(one, refuse));
  const prometheus = listOf(given.prometheus, 'prometheus', refuse).map(one => serverOf(one, refuse));
  const kubernetes = listOf(given.kubernetes, 'kubernetes', refuse).map(one => clusterOf(one, refuse));
  const names = machines.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) refuse(`two machines are called "${twice}"`);
  const every = given.every ?? 5;
  if (typeof every !== 'number' || !(every >= 1 && every <= 3600)) refuse('every is not a number of seconds');
  const sshConfig = stringOf(given.ssh_config, 'ssh_config', refuse);
  return {
    machines,
    prometheus,
    kubernetes,
    everySeconds: Number(every),
    ...(sshConfig === undefined ? {} : { sshConfig }),
  };
}

type Refuse = (what: string) => never;

function machineOf(value: unknown, refuse: Refuse): SshMachine {
  if (typeof value === 'string') return { name: value, ...targetOf(value, refuse) };
  const keys = ['name', 'ssh', 'plimsoll', 'engine', 'root', 'month', 'keep'];
  const given = mappingOf(value, { refuse, name: 'a machine', keys });
  const ssh = stringOf(given.ssh, 'ssh', refuse) ?? refuse('a machine has no ssh: user@host');
  const [command, root] = [
    stringOf(given.plimsoll, 'plimsoll', refuse),
    stringOf(given.root, 'root', refuse),
  ];
  const engine = stringOf(given.engine, 'engine', refuse);
  if (engine !== undefined && !/^[\w@%+=:,./ -]+$/.test(engine)) refuse(`"${engine}" is no command`);
  if (engine !== undefined && (command ?? root) !== undefined)
    refuse('engine is for machines without plimsoll');
  const { month } = given;
  if (month !== undefined && (typeof month !== 'number' || !(month >= 0 && month < 1e9)))
    refuse('month is not a price');
  if (given.keep !== undefined && typeof given.keep !== 'boolean') refuse('keep is not true or false');
  return {
    name: stringOf(given.name, 'name', refuse) ?? ssh,
    ...targetOf(ssh, refuse),
    ...(command === undefined ? {} : { command }),
    ...(engine === undefined ? {} : { engine }),
    ...(root === undefined ? {} : { root }),
    ...(month === undefined ? {} : { monthlyPrice: Number(month) }),
    ...(given.keep === true ? { keep: true as const } : {}),
  };
}

function targetOf(text: string, refuse: Refuse): Pick<SshMachine, 'target' | 'port'> {
  return parseSshTarget(text) ?? refuse(`"${text}" is no user@host`);
}

function serverOf(value: unknown, refuse: Refuse): PrometheusServer {
  const keys = ['url', 'token_file'];
  const given =
    typeof value === 'string' ? { url: value } : mappingOf(value, { refuse, name: 'prometheus', keys });
  const text = stringOf(given.url, 'url', refuse) ?? refuse('prometheus has no url');
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) refuse(`"${text}" is no address of a Prometheus`);
  const tokenFile = stringOf('token_file' in given ? given.token_file : undefined, 'token_file', refuse);
  return { url: new URL(text), ...(tokenFile === undefined ? {} : { tokenFile }) };
}

function clusterOf(value: unknown, refuse: Refuse): KubernetesCluster {
  const keys = ['context', 'kubeconfig'];
  const given = mappingOf(value, { refuse, name: 'kubernetes', keys });
  const context = stringOf(given.context, 'context', refuse);
  const kubeconfig = stringOf(given.kubeconfig, 'kubeconfig', refuse);
  return {
    ...(context === undefined ? {} : { context }),
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
  };
}

function listOf(value: unknown, name: string, refuse: Refuse): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : refuse(`${name} is not a list`);
}

function stringOf(value: unknown, name: string, refuse: Refuse): string | undefined {
  if (value === undefined) return undefined;
  return typeof value === 'string' && value !== '' ? value : refuse(`${name} is not a text`);
}

/** A mapping that has no other keys than these. */
function mappingOf(
  value: unknown,
  {
    refuse,
    name,
    keys,
  }: { readonly refuse: Refuse; readonly name: string; readonly keys: readonly string[] },
): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refuse(`${name} is not a mapping of ${keys.join(', ')}`);
  const unknown = Object.keys(value).find(key => !keys.includes(key));
  if (unknown === undefined) return value as Readonly<Record<string, unknown>>;
  const near = nearMisses(unknown, keys);
  return refuse(
    `${name} knows no "${unknown}"${near.length > 0 ? `; did you mean ${near.join(' or ')}?` : ''}`,
  );
}

function wrong(path: string, what: string): PlimsollError {
  return new PlimsollError('invalid-argument', `the fleet in "${path}" is not right: ${what}`, {
    ...{ code: 'FLEET_INVALID', hint: example },
  });
}
