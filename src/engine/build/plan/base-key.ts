import type { Platform } from '../../../oci/index.ts';
import { formatPlatform } from './variables.ts';

/** By what an image is known to the planning: its name, and its platform where that is not the build's. */
export function baseKey(name: string, platform: Platform, target: Platform): string {
  const [own, usual] = [formatPlatform(platform), formatPlatform(target)];
  return own === usual ? name : `${name} for ${own}`;
}
