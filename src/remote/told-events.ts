import type { EngineEvent } from '../engine/index.ts';

/** How many are remembered: no engine tells as many again. */
const remembered = 1000;

/**
 * The last events that an engine has told, as it is asked for the same second again when a connection breaks. They are
 * known by what they say: by their time alone one would be lost that comes after a younger one, as Docker's may.
 */
export class ToldEvents {
  readonly #keys = new Set<string>();

  /** False for one that was told before. */
  isNew({ type, action, actor, timeNano }: EngineEvent): boolean {
    const key = `${timeNano} ${type} ${action} ${actor.id}`;
    if (this.#keys.has(key)) return false;
    this.#keys.add(key);
    for (const oldest of this.#keys) {
      if (this.#keys.size <= remembered) break;
      this.#keys.delete(oldest);
    }
    return true;
  }
}
