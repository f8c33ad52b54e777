import type { ImageContext } from '../context.ts';

/** What somebody attests of an image: in-toto's predicate, as JSON. */
export interface Attestation {
  /** Such as `https://slsa.dev/provenance/v1` or `https://spdx.dev/Document`. */
  readonly predicateType: string;
  readonly predicate: unknown;
}

type Attesting = Pick<ImageContext, 'db' | 'blobs'>;

const mediaType = 'application/json';

/** Keeps what is attested of an image, in place of what was of the same type. */
export function attest({ db, blobs }: Attesting, image: string, attestations: readonly Attestation[]): void {
  db.transaction(() => {
    for (const { predicateType, predicate } of attestations) {
      const digest = blobs.put(Buffer.from(JSON.stringify(predicate)), mediaType);
      db.run('INSERT OR REPLACE INTO attestations VALUES (?, ?, ?)', image, predicateType, digest);
    }
  });
}

export function attestationsOf({ db, blobs }: Attesting, image: string): Attestation[] {
  return db
    .all('SELECT predicate_type, digest FROM attestations WHERE image = ? ORDER BY predicate_type', image)
    .map(row => ({
      predicateType: String(row.predicate_type),
      predicate: JSON.parse(blobs.get(String(row.digest)).toString('utf8')) as unknown,
    }));
}
