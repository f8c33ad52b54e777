import type { Engine } from '../engine/index.ts';

/** The ports that an image exposes, as `80/tcp`, for `--publish-all`. */
export function exposedPorts(engine: Engine, image: string): string[] {
  return Object.keys(engine.images.inspect(image).config.config.ExposedPorts ?? {});
}
