/**
 * A folder that others may be working in, as a tar, and a tar into it: no name and no link leads out of it.
 *
 *     using tree = await TreeRoot.open('/srv/www');
 *     await pipeline(packTree({ tree, path: '/site', name: 'site' }), createWriteStream('site.tar'));
 * @module
 */
export { type PackRequest, packTree } from './pack-tree.ts';
export { type PathFacts, TreeRoot } from './tree-root.ts';
export { type UnpackRequest, unpackTree } from './unpack-tree.ts';
