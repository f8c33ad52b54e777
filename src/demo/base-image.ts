import type { Engine } from '../engine/index.ts';
import { isPlimsollError } from '../errors.ts';

const busybox = 'localhost/busybox:latest';
/** A second name, which tells later that the demo made the image, and not a person. */
const madeByDemo = 'localhost/plimsoll-demo/base:latest';

/** Makes the image that the demo's Dockerfiles build on, if it is not there. */
export async function ensureBaseImage(
  engine: Engine,
  { onProgress, signal }: { onProgress: (line: string) => void; signal: AbortSignal },
): Promise<void> {
  if (hasImage(engine, busybox)) return;
  onProgress('making a base image from the static busybox of this machine');
  await engine.images.bootstrap({ source: 'busybox', signal });
  await engine.images.tag(busybox, madeByDemo);
}

/** Takes the base image away again if the demo made it, and nobody has come to use it. */
export async function removeBaseImage(engine: Engine): Promise<void> {
  if (!hasImage(engine, madeByDemo)) return;
  const { id } = engine.images.inspect(madeByDemo);
  await engine.images.remove(madeByDemo);
  if (!hasImage(engine, busybox) || engine.images.inspect(busybox).id !== id) return;
  await engine.images.remove(busybox).catch(error => {
    if (!isPlimsollError(error, 'conflict')) throw error;
  });
}

/** True if there is an image of this name. */
export function hasImage(engine: Engine, name: string): boolean {
  try {
    engine.images.inspect(name);
    return true;
  } catch (error) {
    if (isPlimsollError(error, 'not-found')) return false;
    throw error;
  }
}
