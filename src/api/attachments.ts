/** The clients that are attached to containers of this API. */
export interface Attachments {
  /** Counts one in until its streams have ended. */
  add(container: string, streams: Promise<void>): Promise<void>;
  /** Resolves when all that are attached to a container have had its last output, after 2 s at most. */
  drained(container: string): Promise<void>;
}

/** A client that does not read keeps nobody waiting for longer; dockerd waits as long before it tells of an end. */
const longestMs = 2000;

/**
 * Who is attached. Clients that attach and wait (dockerode) take the answer to the wait for the end of the output, as
 * dockerd tells of an end only when it has written all of it.
 */
export function createAttachments(): Attachments {
  const open = new Map<string, Set<Promise<void>>>();
  return {
    add: async (container, streams) => {
      const ended = streams.catch(() => {}); // of no matter to those who wait
      const all = open.get(container) ?? new Set();
      open.set(container, all.add(ended));
      try {
        await streams;
      } finally {
        all.delete(ended);
        if (all.size === 0 && open.get(container) === all) open.delete(container);
      }
    },
    drained: async container => {
      const all = open.get(container);
      if (all === undefined) return;
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>(resolve => {
        timer = setTimeout(resolve, longestMs);
      });
      await Promise.race([Promise.all(all), late]);
      clearTimeout(timer);
    },
  };
}
