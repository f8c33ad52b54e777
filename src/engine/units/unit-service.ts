import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PlimsollError } from '../../errors.ts';
import { type RunResult, run, systemdRuns, writeFileAtomic } from '../kernel/index.ts';
import type { Root } from '../store/index.ts';
import { bootUnit } from './boot-unit.ts';
import { type DaemonUnitsRequest, daemonServiceUnit, daemonSocketUnit } from './daemon-units.ts';
import type { Unit, UnitPlan, UnitRequest, UnitService } from './types.ts';
import { withoutSystemd } from './without-systemd.ts';

export interface UnitServiceOptions {
  readonly root: Root;
  /** plimsoll's own command line; empty: the one of PATH. */
  readonly self: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where the machine's units are. */
  readonly systemFolder?: string;
  /** True where systemd runs the machine. */
  readonly isBooted?: () => boolean;
  /** Where the machine's groups are. */
  readonly groupFile?: string;
  readonly systemctl?: (args: readonly string[]) => Promise<RunResult>;
}

/**
 * The units of a root. Of the usual root they are called by what they do, of another one also by its id.
 *
 * Which units there are is said by `unitsOf` alone, chosen by fields of `UnitRequest`; all the rest goes by what it
 * returns.
 */
export function createUnitService(options: UnitServiceOptions): UnitService {
  const { root, isBooted = systemdRuns } = options;
  const command = commandOf(options);
  const check = ({ user }: UnitRequest) => {
    if (!user && root.rootless) {
      throw new PlimsollError('permission-denied', "the machine's units need root", {
        code: 'NEEDS_ROOT',
        hint: 'run it with sudo; --user is for containers of your own',
      });
    }
    if (!isBooted()) throw withoutSystemd([...command, 'system', 'boot'], user);
  };
  const plan = (request: UnitRequest): UnitPlan => {
    const units = unitsOf(options, request);
    const advice = [
      ...(request.user ? lingering(options) : []),
      ...(request.daemon ? reaching(options, request) : []),
    ];
    return { units, commands: enabling(units, request), advice };
  };
  return {
    command,
    plan,
    async install(request) {
      check(request);
      const made = plan(request);
      for (const { path, text } of made.units) {
        mkdirSync(dirname(path), { recursive: true });
        writeFileAtomic(path, text);
      }
      for (const command of made.commands) await control(options, command);
      return made;
    },
    async uninstall(request) {
      check(request);
      const there = unitsOf(options, { ...request, daemon: true }).filter(({ path }) => existsSync(path));
      if (there.length === 0) return [];
      const names = there.map(({ name }) => name);
      await control(options, ['systemctl', ...scopeOf(request), 'disable', '--now', ...names]);
      for (const { path } of there) rmSync(path, { force: true });
      await control(options, ['systemctl', ...scopeOf(request), 'daemon-reload']);
      return there.map(({ path }) => path);
    },
  };
}

function unitsOf(options: UnitServiceOptions, { user, daemon }: UnitRequest): Unit[] {
  const { root } = options;
  const folder = user ? userFolder(options) : (options.systemFolder ?? '/etc/systemd/system');
  const command = commandOf(options);
  const unit = (name: string, enabled: boolean, text: string): Unit => {
    return { name, path: join(folder, name), text, enabled };
  };
  const boot = bootUnit({ command, dataDir: root.dataDir, user });
  const units = [unit(`plimsoll-boot${suffixOf(root)}.service`, true, boot)];
  if (!daemon) return units;
  const name = `plimsoll-daemon${suffixOf(root)}`;
  const request: DaemonUnitsRequest = {
    ...{ command, dataDir: root.dataDir, user, name, socket: socketOf(root) },
    ...(!user && hasGroup(options) ? { group } : {}),
  };
  return [
    ...units,
    unit(`${name}.socket`, true, daemonSocketUnit(request)),
    unit(`${name}.service`, false, daemonServiceUnit(request)),
  ];
}

/** Whose members may use the API of the machine's engine, where there is such a group. */
const group = 'plimsoll';

function hasGroup({ groupFile = '/etc/group' }: UnitServiceOptions): boolean {
  if (!existsSync(groupFile)) return false;
  return new RegExp(`^${group}:`, 'm').test(readFileSync(groupFile, 'utf8'));
}

function socketOf(root: Root): string {
  return `plimsoll${suffixOf(root)}.sock`;
}

/** How clients get to the API, and who may. */
function reaching(options: UnitServiceOptions, { user }: UnitRequest): string[] {
  const folder = user ? '$XDG_RUNTIME_DIR' : '/run';
  return [
    `clients find it with DOCKER_HOST=unix://${folder}/${socketOf(options.root)}`,
    ...(user || hasGroup(options)
      ? []
      : [
          `only root may use it; for others make a group, 'groupadd --system ${group}', and install it again`,
        ]),
  ];
}

/** systemd.unit(5), "User Unit Search Path". */
function userFolder({ env }: UnitServiceOptions): string {
  return join(env.XDG_CONFIG_HOME ?? join(env.HOME ?? '/', '.config'), 'systemd/user');
}

function isUsual({ dataDir }: Root): boolean {
  return dataDir === '/var/lib/plimsoll' || dataDir.endsWith('/.local/share/plimsoll');
}

function suffixOf(root: Root): string {
  return isUsual(root) ? '' : `-${root.id}`;
}

function commandOf({ self, root }: UnitServiceOptions): string[] {
  return [...(self.length > 0 ? self : ['/usr/bin/env', 'plimsoll']), '--root', root.dataDir];
}

function enabling(units: readonly Unit[], request: UnitRequest): string[][] {
  const names = units.filter(({ enabled }) => enabled).map(({ name }) => name);
  return [
    ['systemctl', ...scopeOf(request), 'daemon-reload'],
    ['systemctl', ...scopeOf(request), 'enable', '--now', ...names],
  ];
}

function scopeOf({ user }: UnitRequest): string[] {
  return user ? ['--user'] : [];
}

/** A user's systemd comes with the first login and goes with the last, unless the user lingers. */
function lingering({ env }: UnitServiceOptions): string[] {
  const name = env.USER ?? env.LOGNAME ?? '';
  if (name !== '' && existsSync(join('/var/lib/systemd/linger', name))) return [];
  const command = ['loginctl', 'enable-linger', ...(name === '' ? [] : [name])].join(' ');
  return [`without '${command}' it is carried out at your first login, not at boot`];
}

async function control(options: UnitServiceOptions, [, ...args]: readonly string[]): Promise<void> {
  const systemctl = options.systemctl ?? (words => run('systemctl', words, { timeoutMs: 120_000 }));
  const { code, stdout, stderr } = await systemctl(args);
  if (code === 0) return;
  const words = (stderr || stdout).trim().split('\n').slice(-1).join('');
  throw new PlimsollError('unavailable', `systemctl ${args.join(' ')} failed: ${words}`, {
    code: 'SYSTEMCTL_FAILED',
    hint: args.includes('--user')
      ? "a user's systemd runs after a login of its own, not after su or sudo; loginctl enable-linger starts it too"
      : "'systemctl status' and 'journalctl -xe' tell more",
  });
}
