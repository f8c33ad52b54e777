import { PlimsollError } from '../../../errors.ts';
import { formatReference, parseReference, remoteCandidates } from '../../../oci/index.ts';
import type { ImageContext } from '../context.ts';
import type { PulledImage, PullRequest } from '../transfer-types.ts';
import { pullImage } from './pull-image.ts';

/** Pulls every tag of a repository; see `ImageService.pullAll`. */
export async function pullAllTags(context: ImageContext, request: PullRequest): Promise<PulledImage[]> {
  const { tag, digest } = parseReference(request.name);
  if (tag !== undefined || digest !== undefined) {
    throw new PlimsollError(
      'invalid-argument',
      `"${request.name}" names one image, not all of a repository`,
      {
        code: 'BAD_REFERENCE',
        hint: 'leave out the tag, or --all-tags',
      },
    );
  }
  const [repository] = remoteCandidates(request.name, (await context.registries.config()).search);
  if (repository === undefined) return [];
  const tags = await listTags(context, request, repository);
  const pulled: PulledImage[] = [];
  for (const name of tags) {
    pulled.push(
      await pullImage(context, { ...request, name: formatReference({ ...repository, tag: name }) }),
    );
  }
  return pulled;
}

async function listTags(
  { registries }: ImageContext,
  request: PullRequest,
  repository: Parameters<typeof formatReference>[0],
): Promise<string[]> {
  using client = await registries.client(request);
  return await client.tags(repository, { signal: request.signal });
}
