import type { ImageDetails, ImageSummary } from '../engine/index.ts';
import { familiarReference, parseReference } from '../oci/index.ts';
import { formatTime } from './time.ts';

/** The names of an image as docker shows them: with a tag, and by digest. */
export function imageNames({
  references,
  repoDigests = [],
}: Pick<ImageSummary, 'references' | 'repoDigests'>): {
  readonly RepoTags: string[];
  readonly RepoDigests: string[];
} {
  const names = [...references, ...repoDigests].map(text => familiarReference(parseReference(text)));
  return {
    RepoTags: names.filter(name => !name.includes('@')),
    RepoDigests: names.filter(name => name.includes('@')),
  };
}

/** How clients before 1.43 are told that an image has no name. */
const namelessImage = { RepoTags: ['<none>:<none>'], RepoDigests: ['<none>@<none>'] };

/** An image in the list of `GET /images/json`. */
export function imageSummaryJson(image: ImageSummary, minor: number): object {
  const { id, references, created, sizeBytes, containers, labels } = image;
  return {
    Id: id,
    ParentId: '',
    ...(minor < 43 && references.length === 0 ? namelessImage : imageNames(image)),
    Created: Math.floor(created / 1000),
    Size: sizeBytes,
    ...(minor < 44 ? { VirtualSize: sizeBytes } : {}),
    SharedSize: -1,
    Labels: labels,
    Containers: containers.length,
  };
}

/** An image whole, as `GET /images/{name}/json` answers. */
export function imageJson(image: ImageDetails, minor: number): object {
  const { id, created, sizeBytes, platform, config, layers, history } = image;
  const { User = '', Env = [], Cmd = [], Entrypoint = [], WorkingDir = '', Labels = {} } = config.config;
  return {
    Id: id,
    ...imageNames(image),
    Parent: '',
    Comment: history.at(-1)?.comment ?? '',
    Created: formatTime(created),
    DockerVersion: '',
    Author: config.author ?? '',
    Config: { ...config.config, User, Env, Cmd, Entrypoint, WorkingDir, Labels },
    Architecture: platform.architecture,
    ...(platform.variant === undefined ? {} : { Variant: platform.variant }),
    Os: platform.os,
    Size: sizeBytes,
    ...(minor < 44 ? { VirtualSize: sizeBytes } : {}),
    GraphDriver: { Name: 'overlay2', Data: {} },
    RootFS: { Type: 'layers', Layers: layers.map(({ diffId }) => diffId) },
    Metadata: {},
  };
}

/** The steps of an image, newest first, as `GET /images/{name}/history` answers. */
export function imageHistoryJson({ id, references, history }: ImageDetails): object[] {
  const newestFirst = [...history].reverse();
  return newestFirst.map(({ created, createdBy, comment = '', sizeBytes }, i) => ({
    Id: i === 0 ? id : '<missing>',
    Created: Math.floor(created / 1000),
    CreatedBy: createdBy,
    Tags: i === 0 ? imageNames({ references }).RepoTags : [],
    Size: sizeBytes,
    Comment: comment,
  }));
}
