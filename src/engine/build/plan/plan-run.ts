import type { Instruction } from '../dockerfile/index.ts';
import { commandArgs } from './apply-metadata.ts';
import type { Operation, PlanRequest, StepNetwork } from './plan.ts';
import { defaultPath, environmentOf, type StageState } from './stage-state.ts';
import { isProxyArg } from './variables.ts';

/** Plans RUN. */
export function planRun(
  state: StageState,
  instruction: Extract<Instruction, { name: 'RUN' }>,
  request: PlanRequest,
): { operation: Operation; createdBy: string } {
  const env = environmentOf(state.config);
  const declared = [...state.args].filter(([name, value]) => value !== undefined && !env.has(name));
  const buildArgs = Object.fromEntries(declared.map(([name, value]) => [name, value ?? '']));
  const proxies = Object.entries(request.buildArgs).filter(
    ([name]) => isProxyArg(name) && !state.args.has(name) && !env.has(name),
  );
  if (!env.has('PATH')) env.set('PATH', defaultPath);
  const { args, script } = runCommand(state, instruction);
  const said = Object.entries(buildArgs).map(([name, value]) => `${name}=${value}`);
  return {
    operation: {
      kind: 'run',
      args,
      env: Object.fromEntries(env),
      buildArgs,
      proxyArgs: Object.fromEntries(proxies),
      cwd: state.config.WorkingDir || '/',
      user: state.config.User ?? '',
      network: networkOf(instruction, request),
      ...(script === undefined ? {} : { script }),
    },
    createdBy: ['RUN', ...(said.length === 0 ? [] : [`|${said.length}`, ...said]), ...args].join(' '),
  };
}

/**
 * The command of a RUN. A here-document alone is a script for the shell, or a program of its own if it begins with
 * `#!`; after a command it goes to the shell as it stands.
 */
function runCommand(
  state: StageState,
  { command, heredocs }: Extract<Instruction, { name: 'RUN' }>,
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

function networkOf({ network }: Extract<Instruction, { name: 'RUN' }>, request: PlanRequest): StepNetwork {
  return network === undefined || network === 'default' ? request.network : network;
}
