import { PlimsollError } from '../../errors.ts';
import { fitsPlatform, formatPlatform, type Platform } from '../../oci/index.ts';
import type { ImageRecord, ImageRecords } from './image-records.ts';

/** The image itself if it is for a platform, else one that came by the same index. Throws `not-found`. */
export function ofPlatform(records: ImageRecords, image: ImageRecord, platform: Platform): ImageRecord {
  const own = records.config(image.id);
  if (fitsPlatform(own, platform)) return image;
  const sibling = records.get(records.sibling(image.id, platform) ?? '');
  if (sibling !== undefined) return sibling;
  const name = records.references(image.id)[0] ?? image.id;
  throw new PlimsollError(
    'not-found',
    `"${name}" is here for ${formatPlatform(own)}, not for ${formatPlatform(platform)}`,
    {
      code: 'PLATFORM_NOT_FOUND',
      hint: `pull it first with --platform ${formatPlatform(platform)}`,
    },
  );
}
