import { openLayerRoot, put } from '../../support/layer-root.ts';

// Run by the crash tests: stages a layer over the given one and waits, or commits one layer after another for ever.
const [, , dataDir = '', mode = '', parent = '', seed = ''] = process.argv;
const place = openLayerRoot(dataDir);

if (mode === 'wait') {
  const staged = await place.snapshots.stage([parent]);
  put(staged.target, 'half-made');
  console.log('staged');
  setInterval(() => {}, 1000);
}
if (mode === 'same') {
  // Every process makes the same layers.
  const ids: string[] = [];
  for (let n = 0; n < 10; n++) {
    const layer = await place.layer([], target => put(target, `same-${n}`));
    ids.push(layer.diffId);
  }
  console.log(ids.join(' '));
}
if (mode === 'loop') {
  for (let n = 0; ; n++) {
    const layer = await place.layer([parent], target => {
      for (let file = 0; file < 20; file++) put(target, `d/${seed}-${n}-${file}`);
    });
    console.log(layer.diffId);
  }
}
