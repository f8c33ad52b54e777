import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerSpec } from '../engine/index.ts';

/** One service of the demo: a Dockerfile in a folder of its name, and how its container is to be. */
export interface DemoService {
  readonly name: string;
  readonly spec: (host: { cores: number }) => Omit<ContainerSpec, 'image'>;
  /** The port of the container to publish on the first free host port from here on. */
  readonly port?: { readonly container: number; readonly firstHost: number };
}

const mebibyte = 1024 * 1024;

/** The five services, each of which shows another thing to look for. */
export const demoServices: readonly DemoService[] = [
  {
    name: 'web',
    spec: () => ({ limits: { memoryBytes: 64 * mebibyte, cpus: 0.5 } }),
    port: { container: 80, firstHost: 8080 },
  },
  {
    name: 'cpu-hog',
    spec: ({ cores }) => ({ limits: { memoryBytes: 64 * mebibyte, cpus: Math.min(2, cores) } }),
  },
  {
    name: 'memory-hog',
    spec: () => ({
      limits: { memoryBytes: 128 * mebibyte },
      mounts: [{ type: 'tmpfs', target: '/ballast', sizeBytes: 120 * mebibyte }],
    }),
  },
  {
    name: 'idle',
    spec: () => ({ limits: { memoryBytes: 1024 * mebibyte, memoryReservationBytes: 512 * mebibyte } }),
  },
  {
    name: 'batch',
    spec: () => ({
      limits: { memoryBytes: 32 * mebibyte },
      restart: { name: 'on-failure', maximumRetries: 0 },
    }),
  },
];

/** Folder of a service's Dockerfile: beside the bundle, else beside this source. */
export function contextOf(service: DemoService): string {
  const bundled = join(import.meta.dirname, 'demo', service.name);
  return existsSync(bundled) ? bundled : join(import.meta.dirname, service.name);
}

/** The label that marks what is the demo's. */
export const demoLabel = 'plimsoll.demo';

/** Name of a service's container. */
export function containerName(service: DemoService): string {
  return `demo-${service.name}`;
}

/** Full reference of a service's image. */
export function imageName(service: DemoService): string {
  return `localhost/plimsoll-demo/${service.name}:latest`;
}
