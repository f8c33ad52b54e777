import { isPlimsollError } from '../errors.ts';

/**
 * Removes one after the other what nobody seemed to use, and returns what it has removed. Passes over what somebody has
 * begun to use meanwhile (`conflict`), or has removed (`not-found`): a tidying up does not fail for that.
 */
export async function removeEach<T>(
  unused: readonly T[],
  remove: (each: T) => Promise<unknown>,
): Promise<T[]> {
  const removed: T[] = [];
  for (const each of unused) {
    try {
      await remove(each);
    } catch (error) {
      if (isPlimsollError(error, 'conflict') || isPlimsollError(error, 'not-found')) continue;
      throw error;
    }
    removed.push(each);
  }
  return removed;
}
