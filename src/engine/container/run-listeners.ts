import { cancelled } from '../../errors.ts';

/** Those who want to be connected with a container before its next run begins. */
export interface RunListeners {
  /**
   * `connect` is called, and waited for, when there is a monitor to connect to and before the command runs. Throws
   * `cancelled` if the signal fires before.
   */
  add<T>(id: string, connect: () => Promise<T>, signal: AbortSignal | undefined): Promise<T>;
  /** Lets all of them connect; a failure is theirs alone. */
  tell(id: string): Promise<void>;
}

/** Of the starts that this process makes. */
export function createRunListeners(): RunListeners {
  const waiting = new Map<string, (() => Promise<unknown>)[]>();
  return {
    add: (id, connect, signal) =>
      new Promise((resolve, reject) => {
        const turn = () => connect().then(resolve, reject);
        waiting.set(id, [...(waiting.get(id) ?? []), turn]);
        const leave = () => {
          const others = (waiting.get(id) ?? []).filter(each => each !== turn);
          if (others.length > 0) waiting.set(id, others);
          else waiting.delete(id);
          reject(cancelled('attaching'));
        };
        signal?.addEventListener('abort', leave, { once: true });
      }),
    async tell(id) {
      const turns = waiting.get(id) ?? [];
      waiting.delete(id);
      await Promise.all(turns.map(turn => turn()));
    },
  };
}
