/** Holds a state; React reads it from here. */
export interface Store<State, Msg = never> {
  getState(): State;
  subscribe(listener: () => void): () => void;
  dispatch(msg: Msg): void;
}

/** A store whose commands go to `run`. One message, one notification; none when nothing changed. */
export function createStore<State, Msg, Command>(
  initial: State,
  update: (state: State, msg: Msg) => readonly [State, readonly Command[]],
  run: (command: Command) => void,
): Store<State, Msg> {
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
