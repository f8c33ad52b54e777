import { PlimsollError } from '../../errors.ts';
import type { ContainerStatus } from './types.ts';

/** Every legal move of a container; what is not here is an error. The only place that knows. */
export const transitions: Readonly<Record<ContainerStatus, readonly ContainerStatus[]>> = {
  created: ['running', 'removing'],
  running: ['paused', 'exited', 'restarting', 'dead'],
  paused: ['running', 'exited', 'restarting', 'dead'],
  restarting: ['running', 'exited', 'removing'],
  exited: ['running', 'removing'],
  removing: ['dead', 'removing'],
  dead: ['removing'],
};

/** What a move is called by those who ask for it. */
const verbs: Readonly<Record<ContainerStatus, string>> = {
  created: 'be created',
  running: 'be started',
  paused: 'be paused',
  restarting: 'be restarted',
  exited: 'be stopped',
  removing: 'be removed',
  dead: 'be removed',
};

/** Throws `conflict` for what only a running container can be asked; `hint` says what to do first. */
export function notRunning(container: string, from: ContainerStatus, hint: string): never {
  throw new PlimsollError('conflict', `the container "${container}" is not running but ${from}`, {
    code: 'CONTAINER_STATE',
    data: { container, from, to: 'running' },
    hint,
  });
}

/** An illegal move of a container, with both ends of it. */
export class TransitionError extends PlimsollError {
  override readonly name = 'TransitionError';
  readonly from: ContainerStatus;
  readonly to: ContainerStatus;

  constructor(container: string, from: ContainerStatus, to: ContainerStatus, hint?: string) {
    super('conflict', `the container "${container}" is ${from} and cannot ${verbs[to]}`, {
      code: 'CONTAINER_STATE',
      data: { container, from, to },
      ...(hint === undefined ? {} : { hint }),
    });
    this.from = from;
    this.to = to;
  }
}

/** Throws TransitionError unless the move is legal. */
export function assertTransition(container: string, from: ContainerStatus, to: ContainerStatus): void {
  if (!transitions[from].includes(to)) throw new TransitionError(container, from, to, hintFor(from, to));
}

function hintFor(from: ContainerStatus, to: ContainerStatus): string | undefined {
  if (to === 'removing') return 'stop it first, or remove it with --force';
  if (from === 'created' || from === 'exited') return 'start it first';
  if (from === 'paused') return 'unpause it first';
  if (from === 'dead') return 'remove it';
  return undefined;
}
