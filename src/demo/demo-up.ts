import { availableParallelism } from 'node:os';
import type { ContainerSummary, Engine, PublishedPort } from '../engine/index.ts';
import { isPlimsollError, throwIfAborted } from '../errors.ts';
import { ensureBaseImage } from './base-image.ts';
import { demoDown } from './demo-down.ts';
import {
  containerName,
  contextOf,
  type DemoService,
  demoLabel,
  demoServices,
  imageName,
} from './services.ts';

/** How `demoUp` reports and is stopped. */
export interface DemoOptions {
  /** A line for each thing that is begun. */
  readonly onProgress?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Builds the demo's five services and runs them; what runs already is left alone. After a failure or an abort nothing
 * of the demo is left. Returns the containers.
 */
export async function demoUp(engine: Engine, options: DemoOptions = {}): Promise<ContainerSummary[]> {
  const { onProgress = () => {} } = options;
  const failed = new AbortController();
  const signal = AbortSignal.any([failed.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  const work = { onProgress, signal };
  try {
    await ensureBaseImage(engine, work);
    // All of them come to rest before anything is taken away: one that is still starting could not be removed.
    const outcomes = await Promise.allSettled(
      demoServices.map(service => bringUp(engine, service, work).catch(error => stopAll(error, failed))),
    );
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw failed.signal.reason;
  } catch (error) {
    await demoDown(engine);
    throw error;
  }
  return engine.containers.list({ all: true }).filter(({ labels }) => demoLabel in labels);
}

/** Lets the first failure stop the others, and be the one that is told. */
function stopAll(error: unknown, failed: AbortController): never {
  failed.abort(error);
  throw error;
}

interface Work {
  readonly onProgress: (line: string) => void;
  readonly signal: AbortSignal;
}

async function bringUp(engine: Engine, service: DemoService, work: Work): Promise<void> {
  const there = engine.containers
    .list({ all: true })
    .find(({ labels }) => labels[demoLabel] === service.name);
  if (there?.state.status === 'running' || there?.state.status === 'restarting') return;
  if (there !== undefined) await engine.containers.remove(there.name, { force: true });
  work.onProgress(`building ${service.name}`);
  await engine.builds.build({
    context: contextOf(service),
    tags: [imageName(service)],
    labels: { [demoLabel]: service.name },
    signal: work.signal,
  });
  throwIfAborted(work.signal, 'the demo');
  work.onProgress(`starting ${service.name}`);
  await run(engine, service, work);
}

/** Runs a service; a published port that is taken is passed over for the next. */
async function run(engine: Engine, service: DemoService, { onProgress }: Work): Promise<void> {
  const { port } = service;
  for (let hostPort = port?.firstHost ?? 0; ; hostPort++) {
    const { id } = await create(engine, service, port && published(port.container, hostPort));
    try {
      await engine.containers.start(id);
      if (port !== undefined) onProgress(`${service.name} answers at http://localhost:${hostPort}`);
      return;
    } catch (error) {
      await engine.containers.remove(id, { force: true });
      const taken = isPlimsollError(error) && error.code === 'PORT_IN_USE';
      if (!taken || port === undefined || hostPort > port.firstHost + 100) throw error;
    }
  }
}

function create(engine: Engine, service: DemoService, port: PublishedPort | undefined) {
  return engine.containers.create({
    ...service.spec({ cores: availableParallelism() }),
    image: imageName(service),
    name: containerName(service),
    labels: { [demoLabel]: service.name },
    ...(port === undefined ? {} : { ports: [port] }),
  });
}

function published(containerPort: number, hostPort: number): PublishedPort {
  return { protocol: 'tcp', hostAddress: '', hostPort, containerPort };
}
