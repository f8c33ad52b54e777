import { PlimsollError } from '../../../errors.ts';
import { digestHex, type ImageConfig } from '../../../oci/index.ts';
import type { LayerPart } from '../content/image-parts.ts';
import type { Bytes } from '../content/published.ts';
import { badArchive, type SpooledArchive, type SpooledFile } from './spool-archive.ts';

/** An image in an archive whose documents are read, and whose blobs are proven to be what their digests say. */
export interface ArchivedImage {
  readonly id: string;
  readonly configBytes: Buffer;
  readonly config: ImageConfig;
  readonly manifest: Bytes;
  /** Base first. */
  readonly layers: readonly ArchivedLayer[];
  /** Full references; none for an image without a name. */
  readonly references: readonly string[];
}

export interface ArchivedLayer extends LayerPart {
  readonly file: SpooledFile;
}

/** The file of a blob of an OCI layout, proven. Throws `BAD_ARCHIVE`, `data-loss` (`DIGEST_MISMATCH`). */
export function findBlob(archive: SpooledArchive, digest: string): SpooledFile {
  const file = archive.find(`blobs/sha256/${digestHex(digest)}`);
  if (file === undefined || !digest.startsWith('sha256:')) throw badArchive(`the blob ${digest} is missing`);
  if (file.digest !== digest) throw mismatch(digest, file.digest);
  return file;
}

/** The error for bytes that are not what their name or their manifest promises. */
export function mismatch(wanted: string, found: string): PlimsollError {
  return new PlimsollError('data-loss', 'a file of the archive is not what its digest promises', {
    code: 'DIGEST_MISMATCH',
    hint: `nothing of the archive was kept: ${wanted} was promised, ${found} came`,
  });
}
