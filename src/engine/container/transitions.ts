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

/** An illegal move of a container, with both ends of it. */
export class TransitionError extends PlimsollError {
  override readonly name = 'TransitionError';
  readonly from: ContainerStatus;
  readonly to: ContainerStatus;

  constructor(container: string, from: ContainerStatus, to: ContainerStatus, hint?: string) {
    super('conflict', `the container "${container}" is ${from} and cannot become ${to}`, {
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
