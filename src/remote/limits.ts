import { randomUUID } from 'node:crypto';
import type { ContainerLimits, Engine, LimitChange, LimitOutcome } from '../engine/index.ts';

type Limits = Engine['limits'];

/** Changes of limits of an engine elsewhere, which can be taken back as long as this process lives: it keeps no log. */
export function createLimits(containers: Engine['containers']): Limits {
  const log: LimitChange[] = [];
  const update = async (
    name: string,
    limits: ContainerLimits,
    entry: (warnings: readonly string[]) => LimitOutcome,
  ): Promise<LimitOutcome> => {
    try {
      const { warnings } = await containers.update(name, { limits });
      return entry(warnings);
    } catch (error) {
      return { name, error };
    }
  };
  return {
    async change(requests) {
      const batch = randomUUID();
      return await Promise.all(
        requests.map(async ({ name, change, reason }) => {
          const { id, name: shown, limits: before } = containers.inspect(name);
          const made = { batch, time: Date.now(), container: { id, name: shown }, before, change, reason };
          return await update(id, change, warnings => {
            log.push(made);
            return { name: shown, change: made, warnings };
          });
        }),
      );
    },
    undoable(names) {
      if (names === undefined) {
        const { batch } = log.at(-1) ?? {};
        return log.filter(each => each.batch === batch);
      }
      return names.flatMap(
        name => log.findLast(({ container }) => container.name === name || container.id === name) ?? [],
      );
    },
    undo: async changes =>
      await Promise.all(
        changes.map(async change => {
          const { container, before } = change;
          return await update(container.id, before, warnings => {
            const at = log.indexOf(change);
            if (at >= 0) log.splice(at, 1);
            return { name: container.name, change, warnings };
          });
        }),
      ),
  };
}
