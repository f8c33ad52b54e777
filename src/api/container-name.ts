import type { FastifyRequest } from 'fastify';

/** A route whose path holds the name of a container. */
export interface NamedParams {
  readonly Params: { readonly name: string };
}

/** The container that a path names; docker lists names with a slash before them, and takes them so. */
export function containerName({ params }: Pick<FastifyRequest<NamedParams>, 'params'>): string {
  return params.name.replace(/^\//, '');
}
