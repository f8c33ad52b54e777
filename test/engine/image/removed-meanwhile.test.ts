import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import { createImageRecords } from '../../../src/engine/image/image-records.ts';
import { describe, summarise } from '../../../src/engine/image/image-views.ts';
import { createBlobs } from '../../../src/engine/store/index.ts';
import { isPlimsollError } from '../../../src/errors.ts';
import { type LayerRoot, noRoot, openLayerRoot, put } from '../../support/layer-root.ts';

test('an image that another process removes while all are looked at is none of them', {
  skip: noRoot,
}, async () => {
  using place = openLayerRoot();
  const [stays, goes] = [await makeImage(place, 'stays'), await makeImage(place, 'goes')];
  const { records, remove } = recordsOf(place, goes);
  remove();
  assert.deepEqual(
    summarise(records, place.snapshots).map(({ id }) => id),
    [stays],
  );
});

test('of one image no other is looked at, and one that goes meanwhile is not found', {
  skip: noRoot,
}, async () => {
  using place = openLayerRoot();
  const [stays, goes] = [await makeImage(place, 'stays'), await makeImage(place, 'goes')];
  const { records, looked, remove } = recordsOf(place, goes);
  const record = (id: string) => records.get(id) ?? assert.fail();
  assert.equal(describe(record(stays), records, place.snapshots)?.uniqueBytes, 5);
  assert.deepEqual(looked, [stays]);
  const going = record(goes);
  remove();
  assert.equal(describe(going, records, place.snapshots), undefined);
});

test('an image whose content is lost, and that nobody has removed, is told as that', {
  skip: noRoot,
}, async () => {
  using place = openLayerRoot();
  const id = await makeImage(place, 'lost');
  const blobs = createBlobs({ root: place.root, db: place.db, clock: Date.now });
  rmSync(blobs.path(id) ?? '');
  const records = createImageRecords(place.db, blobs);
  assert.throws(
    () => summarise(records, place.snapshots),
    error => isPlimsollError(error, 'data-loss'),
  );
});

/** The records as a process sees them from which, after `remove()`, an image is taken when its content is asked for. */
function recordsOf({ root, db }: LayerRoot, id: string) {
  const blobs = createBlobs({ root, db, clock: Date.now });
  const looked: string[] = [];
  let doomed = false;
  const get = (digest: string) => {
    looked.push(digest);
    if (doomed && digest === id) {
      const file = blobs.path(id) ?? '';
      for (const sql of ['DELETE FROM tags WHERE image = ?', 'DELETE FROM images WHERE id = ?'])
        db.run(sql, id);
      rmSync(file);
    }
    return blobs.get(digest);
  };
  const remove = () => {
    doomed = true;
  };
  return { records: createImageRecords(db, { ...blobs, get }), looked, remove };
}

async function makeImage(place: LayerRoot, name: string): Promise<string> {
  using layer = await place.layer([], target => put(target, name));
  return place.images.create({
    config: {
      architecture: 'amd64',
      os: 'linux',
      config: {},
      rootfs: { type: 'layers', diff_ids: [layer.diffId] },
      history: [{ created_by: name }],
    },
    references: [name],
  });
}
