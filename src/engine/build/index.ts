/**
 * From a Dockerfile to an image: text, instructions, graph, result.
 * @module
 */
export type { BuildProgress, BuildRecord, BuildRequest, BuildService, BuildStep } from './types.ts';
