import { isPlimsollError } from '../errors.ts';

/** What `-f` of docker's `rm` means for networks and volumes: nothing there, nothing printed, no error. */
export async function unlessMissing(
  removal: Promise<unknown>,
  force: true | undefined,
): Promise<null | undefined> {
  try {
    await removal;
    return undefined;
  } catch (error) {
    if (force && isPlimsollError(error, 'not-found')) return null;
    throw error;
  }
}
