/**
 * The images that stages begin with or copy from: those that are here, else from a registry, each fetched once and shown
 * as a step of the build.
 * @module
 */
export { type BaseFinder, createBaseFinder } from './find-base.ts';
