import { createRegistryService, type Engine, type EngineLink } from '../engine/index.ts';
import { JsonFields } from '../wire/index.ts';
import { createArchives } from './archives.ts';
import { createBuilds } from './builds.ts';
import { createApiClient } from './client.ts';
import { createContainers } from './containers.ts';
import type { Endpoint } from './endpoint.ts';
import { createEvents } from './events.ts';
import { createExecs } from './execs.ts';
import { createFiles } from './files.ts';
import { createHistory } from './history.ts';
import { createImages } from './images.ts';
import { createLimits } from './limits.ts';
import { Mirror } from './mirror.ts';
import { createNetworks } from './networks.ts';
import { productOf } from './product.ts';
import { refusing } from './refuse.ts';
import { createStats } from './stats.ts';
import { createSystem } from './system.ts';
import { createVolumes } from './volumes.ts';

/** Why another engine cannot do what ours can: Docker's API has no word for it. */
const lacks: EngineLink['lacks'] = {
  check: "Docker's API cannot have an engine prove its own store",
  waste: "Docker's API does not tell which files a layer holds",
  bootstrap: 'images are made from this machine only by the engine on it',
  outline: 'a Dockerfile is looked into only by the engine that builds it',
  verify: 'the files of the kernel that figures are checked by are on the other machine',
  'build-list': "Docker's API does not tell of others' builds",
  units: 'what a machine does at its boot is set up on that machine',
  'volume-files': "Docker's API gives the files of a volume only to a container that mounts it",
  works: "Docker's API has no containers that are worked in step by step",
  manifests: 'lists of images are put together by the engine of this machine',
  'volume-use': 'volumes are bound to containers by the engine itself',
};

/**
 * An engine elsewhere, over the Docker Engine API. Resolves when all of it has been read. Rejects with `unavailable`
 * (`ENGINE_UNREACHABLE`), `permission-denied` (`ENGINE_FORBIDDEN`), `not-implemented` (`API_VERSION`). Disposing of it
 * closes its connections, and stops nothing there.
 */
export async function createRemoteEngine(endpoint: Endpoint): Promise<Engine> {
  const client = createApiClient(endpoint);
  try {
    const version = new JsonFields(await client.negotiate(), 'version');
    const mirror = new Mirror(client);
    await mirror.open();
    const containers = createContainers(client, mirror);
    const images = createImages(client, mirror, lacks);
    const networks = createNetworks(client, mirror);
    const volumes = createVolumes(client, mirror, lacks);
    const builds = createBuilds(client, mirror, lacks);
    const history = createHistory(mirror, endpoint.address);
    return {
      link: {
        address: endpoint.address,
        product: `${productOf(version)} ${version.text('Version') ?? ''}, API 1.${client.minor()}`,
        lacks,
        lost: () => mirror.lost(),
      },
      images,
      archives: createArchives(client, mirror),
      registries: createRegistryService({ env: process.env }),
      builds,
      containers,
      execs: createExecs(client, mirror),
      files: createFiles(client, mirror),
      volumes,
      networks,
      stats: createStats(client, mirror, lacks),
      history,
      limits: createLimits(containers),
      works: refusing(lacks, 'works'),
      manifests: refusing(lacks, 'manifests'),
      units: refusing(lacks, 'units'),
      events: createEvents(mirror),
      system: createSystem(client, mirror, { containers, images, networks, volumes, builds }, lacks),
      async [Symbol.asyncDispose]() {
        mirror.close();
        history[Symbol.dispose]();
        client[Symbol.dispose]();
      },
    };
  } catch (error) {
    client[Symbol.dispose]();
    throw error;
  }
}
