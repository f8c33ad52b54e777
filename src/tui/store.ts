import { type Command, type Msg, type State, update } from './model/index.ts';

/** Holds the state; React reads it from here. */
export interface Store {
  getState(): State;
  subscribe(listener: () => void): () => void;
  dispatch(msg: Msg): void;
}

/** A store whose commands go to `run`. One message, one notification; none when nothing changed. */
export function createStore(initial: State, run: (command: Command) => void): Store {
  let state = initial;
  const listeners = new Set<() => void>();
  return {
    getState: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    dispatch(msg) {
      const [next, commands] = update(state, msg);
      const changed = next !== state;
      state = next;
      if (changed) for (const listener of listeners) listener();
      for (const command of commands) run(command);
    },
  };
}
