import { commandArgs } from './apply-metadata.ts';
import { fail } from './fail.ts';
import type { RunOperation, StepNetwork } from './plan.ts';
import { planMounts } from './plan-mounts.ts';
import type { RunPlanning } from './planning.ts';
import { stepsOf } from './resolve-source.ts';
import { defaultPath, environmentOf, type StageState } from './stage-state.ts';
import { formatPlatform, givenArg, isProxyArg } from './variables.ts';

/** Plans RUN. */
export function planRun(
  planning: RunPlanning,
): { operation: RunOperation; createdBy: string; dependsOn: number[] } | undefined {
  const { state, instruction, request } = planning;
  checkCanRun(planning);
  const mounts = planMounts(planning);
  if (mounts === undefined) return undefined;
  const env = environmentOf(state.config);
  const declared = [...state.args].filter(([name, value]) => value !== undefined && !env.has(name));
  const buildArgs = Object.fromEntries(declared.map(([name, value]) => [name, value ?? '']));
  const proxies = Object.entries(request.buildArgs).filter(
    ([name]) => isProxyArg(name) && !state.args.has(name) && !env.has(name),
  );
  if (!env.has('PATH')) env.set('PATH', defaultPath);
  const { args, script } = runCommand(state, instruction);
  const said = Object.entries(buildArgs).map(([name, value]) => `${name}=${value}`);
  const hostname = givenArg(request.buildArgs, 'BUILDKIT_SANDBOX_HOSTNAME');
  return {
    operation: {
      kind: 'run',
      args,
      env: Object.fromEntries(env),
      buildArgs,
      proxyArgs: Object.fromEntries(proxies),
      cwd: state.config.WorkingDir || '/',
      user: state.config.User ?? '',
      network: networkOf(planning),
      privileged: isPrivileged(planning),
      hosts: request.hosts,
      mounts,
      ...(hostname === undefined ? {} : { hostname }),
      ...(script === undefined ? {} : { script }),
    },
    createdBy: ['RUN', ...(said.length === 0 ? [] : [`|${said.length}`, ...said]), ...args].join(' '),
    dependsOn: mounts.flatMap(mount =>
      mount.type === 'bind' || mount.type === 'cache' ? stepsOf(mount.from) : [],
    ),
  };
}

/**
 * The command of a RUN. A here-document alone is a script for the shell, or a program of its own if it begins with
 * `#!`; after a command it goes to the shell as it stands.
 */
function runCommand(
  state: StageState,
  { command, heredocs }: RunPlanning['instruction'],
): { args: readonly string[]; script?: string } {
  const [first] = heredocs;
  if (command.form === 'json' || first === undefined) return { args: commandArgs(command, state.config) };
  const alone = heredocs.length === 1 && /^\d*<<-?\S+$/.test(command.text.trim());
  if (alone && first.content.startsWith('#!')) return { args: [scriptPath], script: first.content };
  if (alone) return { args: commandArgs({ form: 'text', text: first.content }, state.config) };
  const bodies = heredocs.map(heredoc => `${heredoc.content}${heredoc.name}\n`).join('');
  return { args: commandArgs({ form: 'text', text: `${command.text}\n${bodies}` }, state.config) };
}

/** Where a `#!` here-document is mounted while it runs. */
export const scriptPath = '/dev/pipes/EOF';

/** The host's network is more than a sandbox: a Dockerfile alone cannot have it. */
function networkOf({ instruction, request, source }: RunPlanning): StepNetwork {
  const { network } = instruction;
  if (network === undefined || network === 'default') return request.network;
  if (network === 'host' && request.network !== 'host' && !request.allow.has('network.host')) {
    fail(source, instruction, '"RUN --network=host" is not allowed in this build', {
      kind: 'permission-denied',
      code: 'NOT_ALLOWED',
      hint: 'allow it with --allow network.host if you trust this Dockerfile',
    });
  }
  return network;
}

function isPrivileged({ instruction, request, source }: RunPlanning): boolean {
  if (instruction.security !== 'insecure') return false;
  if (request.allow.has('security.insecure')) return true;
  return fail(source, instruction, '"RUN --security=insecure" is not allowed in this build', {
    kind: 'permission-denied',
    code: 'NOT_ALLOWED',
    hint: 'allow it with --allow security.insecure if you trust this Dockerfile with all that you may do',
  });
}

function checkCanRun({ state, instruction, request, source }: RunPlanning): void {
  const { os, architecture } = state.platform;
  const { runnable, build } = request.platforms;
  if (runnable.includes(`${os}/${architecture}`)) return;
  const [wanted, own] = [formatPlatform(state.platform), formatPlatform(build)];
  fail(source, instruction, `RUN cannot run a program for ${wanted} on this ${own} host`, {
    kind: 'not-implemented',
    code: 'PLATFORM_NOT_RUNNABLE',
    hint: 'install an emulator with binfmt_misc (on Debian: qemu-user-static), or begin the stage with FROM --platform=$BUILDPLATFORM',
  });
}
