import type { Engine } from '../engine/index.ts';
import { hasImage, removeBaseImage } from './base-image.ts';
import { demoLabel, demoServices, imageName } from './services.ts';

/**
 * Removes all that `demoUp` made: containers, their volumes, images, their cache records, and the base image if the
 * demo made it. Does nothing if there is nothing. Returns how many containers it removed.
 */
export async function demoDown(engine: Engine): Promise<number> {
  const containers = engine.containers.list({ all: true }).filter(({ labels }) => demoLabel in labels);
  await Promise.all(containers.map(({ id }) => engine.containers.remove(id, { force: true, volumes: true })));
  const built = demoServices.map(imageName).filter(name => hasImage(engine, name));
  const layers = built.flatMap(name => engine.images.inspect(name).layers.map(layer => layer.diffId));
  for (const name of built) await engine.images.remove(name);
  await removeBaseImage(engine);
  if (layers.length > 0) await engine.builds.pruneCache({ layers });
  return containers.length;
}
