import { cancelled } from '../../errors.ts';
import { settle } from './settle.ts';
import type { ExitWatch } from './watch-exits.ts';
import { isLive, type World, withContainerLock } from './world.ts';

/**
 * Resolves with the exit code of the current (or last) run, -1 if it cannot be known; a pause before a restart counts as an
 * end. Settles the run itself if nobody else has.
 */
export async function waitForExit(
  world: World,
  exits: ExitWatch,
  { id, state }: { id: string; state: { run?: string } },
  signal?: AbortSignal,
): Promise<number> {
  let wake = () => {};
  const stop = exits.listen(id, () => wake());
  const onAbort = () => wake();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    for (;;) {
      const woken = new Promise<void>(resolve => {
        wake = resolve;
      });
      const code = await exitCodeNow(world, id, state.run);
      if (code !== undefined) return code;
      if (signal?.aborted) throw cancelled('waiting for the container');
      await woken;
    }
  } finally {
    stop();
    signal?.removeEventListener('abort', onAbort);
  }
}

function exitCodeNow(world: World, id: string, run: string | undefined): Promise<number | undefined> {
  return withContainerLock(world, id, async () => {
    const record = world.records.byId(id);
    if (record === undefined) return lastExitCode(world, id);
    if (!isLive(record.state)) return record.state.exitCode ?? (record.state.exitUnknown ? -1 : 0);
    if (run !== undefined && record.state.run !== run) return lastExitCode(world, id);
    return (await settle(world, record))?.exitCode;
  });
}

/** Of a container that is gone or runs again: what was announced when it ended. */
function lastExitCode(world: World, id: string): number {
  const deaths = world.events
    .list({ filter: { types: ['container'], actors: [id] } })
    .filter(e => e.action === 'die');
  return Number(deaths.at(-1)?.actor.attributes.exitCode ?? -1);
}
