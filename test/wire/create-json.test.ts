import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ContainerSpec } from '../../src/engine/index.ts';
import { createJson, toContainerSpec } from '../../src/wire/index.ts';

const cases: Readonly<Record<string, ContainerSpec>> = {
  'the least': { image: 'busybox', network: 'bridge' },
  'a process': {
    image: 'busybox',
    command: ['sh', '-c', 'exit 3'],
    entrypoint: ['/init'],
    env: ['A=1'],
    user: 'sailor',
    workdir: '/srv',
    hostname: 'ship',
    labels: { team: 'a' },
    tty: true,
    openStdin: true,
    stopSignal: 'SIGINT',
    stopTimeoutSeconds: 3,
    network: 'none',
  },
  'a cleared entrypoint': { image: 'busybox', entrypoint: [], network: 'bridge' },
  'limits and security': {
    image: 'busybox',
    network: 'bridge',
    limits: { memoryBytes: 64 * 1024 ** 2, cpus: 0.5, pids: 20 },
    capAdd: ['NET_ADMIN'],
    capDrop: ['ALL'],
    noNewPrivileges: true,
    seccomp: 'unconfined',
    readOnlyRoot: true,
    ulimits: [{ name: 'nofile', soft: 10, hard: 20 }],
  },
  'mounts of all kinds': {
    image: 'busybox',
    network: 'bridge',
    mounts: [
      { type: 'bind', source: '/srv', target: '/srv', readOnly: true },
      { type: 'bind', source: '/new', target: '/new', readOnly: false, createSource: true },
      { type: 'volume', name: 'data', target: '/data', readOnly: false },
      { type: 'tmpfs', target: '/scratch', sizeBytes: 1024 },
    ],
  },
  'ports and a restart policy': {
    image: 'busybox',
    network: 'bridge',
    ports: [{ protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 8080, containerPort: 80 }],
    expose: ['80/tcp'],
    restart: { name: 'on-failure', maximumRetries: 3 },
  },
  'a health check': {
    image: 'busybox',
    network: 'bridge',
    health: { command: 'true', intervalMs: 500, retries: 2 },
  },
  'several networks': {
    image: 'busybox',
    network: 'back',
    attachments: [{ network: 'back', aliases: ['db'], address: '10.9.0.5' }, { network: 'front' }],
  },
};

for (const [name, spec] of Object.entries(cases)) {
  test(`createJson() says ${name} so that toContainerSpec() reads the same`, () => {
    assert.deepEqual(toContainerSpec(JSON.parse(JSON.stringify(createJson(spec))), { exposed: [] }), spec);
  });
}
