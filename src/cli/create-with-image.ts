import { type ContainerDetails, type Engine, neitherHereNorThere } from '../engine/index.ts';
import { isPlimsollError } from '../errors.ts';
import { mayBeInRegistry } from '../oci/index.ts';
import type { Cli } from './cli.ts';
import { type ContainerOptions, toContainerSpec } from './container-spec.ts';
import { exposedPorts } from './exposed-ports.ts';
import { withIdFile } from './id-file.ts';
import { badOption } from './parse/bad-option.ts';
import { requirePlatform } from './platform-option.ts';
import type { PullOptions } from './pull-image.ts';

/** When `run` and `create` ask a registry for the image. */
export interface ImageOptions extends Pick<PullOptions, 'platform' | 'quiet' | 'tlsVerify' | 'certDir'> {
  readonly pull: 'missing' | 'always' | 'never';
}

/** All that `run` and `create` share. */
export interface CreateOptions extends ContainerOptions, ImageOptions {
  readonly cidfile?: string;
  readonly runtime?: string;
}

/**
 * Creates a container, fetching its image from a registry first if it is not here (`--pull missing`), in any case
 * (`always`) or in none (`never`). What is made here (`localhost/`) and what is named by an id is never asked for.
 */
export async function createWithImage(
  cli: Cli,
  engine: Engine,
  image: string,
  words: readonly string[],
  options: CreateOptions,
): Promise<ContainerDetails> {
  return await withIdFile(cli, options.cidfile, () => fetchAndCreate(cli, engine, image, words, options));
}

async function fetchAndCreate(
  cli: Cli,
  engine: Engine,
  image: string,
  words: readonly string[],
  options: CreateOptions,
): Promise<ContainerDetails> {
  requireRuntime(engine, options.runtime);
  const create = async () => {
    requirePlatform(engine, image, options.platform); // one for another processor is as good as none
    const exposed = options.publishAll ? exposedPorts(engine, image) : [];
    const spec = toContainerSpec(image, words, options, { env: cli.env, cwd: cli.cwd, exposed });
    return await engine.containers.create(spec, { signal: cli.signal });
  };
  if (options.pull === 'always' && mayBeInRegistry(image)) await fetchImage(cli, engine, image, options);
  try {
    return await create();
  } catch (error) {
    const absent = isPlimsollError(error) && error.code === 'IMAGE_NOT_FOUND';
    if (!absent || options.pull === 'never' || !mayBeInRegistry(image)) throw error;
    await fetchImage(cli, engine, image, options).catch((failure: unknown) => {
      throw neitherHereNorThere(error, failure);
    });
  }
  return await create();
}

/** An engine runs all containers by one runtime; to ask for it by name changes nothing. */
function requireRuntime(engine: Engine, wanted: string | undefined): void {
  if (wanted === undefined || wanted === 'default') return;
  const { runtime } = engine.system.info();
  if (wanted === runtime || wanted.endsWith(`/${runtime}`)) return;
  throw badOption(`this engine runs containers by ${runtime}, not by "${wanted}"`, 'leave out --runtime');
}

async function fetchImage(cli: Cli, engine: Engine, name: string, options: ImageOptions): Promise<void> {
  const { transferProgress } = await import('./progress/transfer.ts');
  const { registryAccess } = await import('./registry-options.ts');
  using progress = transferProgress(cli, { quiet: options.quiet === true });
  await engine.images.pull({
    name,
    signal: cli.signal,
    onProgress: progress.onProgress,
    ...registryAccess(options),
    ...(options.platform === undefined ? {} : { platform: options.platform }),
  });
}
