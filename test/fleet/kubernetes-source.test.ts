import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { kubernetesSource } from '../../src/fleet/kubernetes-source.ts';
import { parseQuantity } from '../../src/fleet/parse-quantity.ts';
import type { FleetEvent, KubernetesCluster } from '../../src/fleet/types.ts';

const MiB = 1024 ** 2;

function pod(name: string, ownerKind: string, requests: object) {
  const ownerReferences = [{ kind: ownerKind, name: `${name}-set`, apiVersion: 'apps/v1', uid: '1' }];
  return {
    metadata: { namespace: 'shop', name, ownerReferences },
    spec: { nodeName: 'node-1', containers: [{ name: 'main', resources: { requests } }] },
  };
}

function usage(name: string, cpu: string, memory: string) {
  return { metadata: { namespace: 'shop', name }, containers: [{ name: 'main', usage: { cpu, memory } }] };
}

function node(name: string, ready: boolean) {
  return {
    metadata: { name, labels: { 'node.kubernetes.io/instance-type': 'm5.large' } },
    status: {
      capacity: { cpu: '4', memory: '8Gi' },
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'Unknown' }],
    },
  };
}

/** What an API server of two nodes answers, one of which is down. */
const answers: Readonly<Record<string, object>> = {
  '/api/v1/nodes': { items: [node('node-1', true), node('node-2', false)] },
  '/api/v1/pods': {
    items: [
      pod('web', 'ReplicaSet', { cpu: '500m', memory: '256Mi' }),
      pod('logs', 'DaemonSet', { cpu: '100m', memory: '64Mi' }),
      pod('etcd', 'Node', { cpu: '0.1' }),
    ],
  },
  '/apis/metrics.k8s.io/v1beta1/nodes': {
    items: [{ metadata: { name: 'node-1' }, usage: { cpu: '1500m', memory: '2048Mi' } }],
  },
  '/apis/metrics.k8s.io/v1beta1/pods': {
    items: [usage('web', '250m', '128Mi'), usage('logs', '50m', '32Mi'), usage('etcd', '0', '16Mi')],
  },
};

test('nodes tell what they have, use and have promised; pods what could be moved', async t => {
  const cluster = await serve(t, answers);
  const [report, silent] = await events(cluster, 2);
  assert.ok(report?.type === 'report' && silent?.type === 'silent', JSON.stringify([report, silent]));
  const { cpu, memory, containers, machine, running } = report.report;
  assert.deepEqual([report.machine, machine, running], ['node-1', 'm5.large', 3]);
  assert.deepEqual([cpu.capacity, cpu.used, cpu.usedByContainers], [4, 1.5, 0.3]);
  assert.ok(Math.abs(cpu.reserved - 0.7) < 1e-9);
  assert.deepEqual([memory.capacity, memory.used, memory.reserved], [8192 * MiB, 2048 * MiB, 320 * MiB]);
  assert.deepEqual(
    containers?.map(({ name, apart, pinned }) => [name, apart, pinned]),
    [
      ['shop/web', 'shop/web-set', undefined],
      ['shop/etcd', undefined, true],
    ],
  );
  assert.equal(silent.machine, 'node-2');
});

test('parseQuantity() reads what Kubernetes writes', () => {
  const known = {
    '250m': 0.25,
    '1Gi': 1024 ** 3,
    '1e3': 1000,
    '5000000n': 0.005,
    '2': 2,
    '5M': 5e6,
    x: 0,
  };
  for (const [text, value] of Object.entries(known)) assert.equal(parseQuantity(text), value, text);
});

test('a cluster without the metrics API is silent, and says so', async t => {
  const cluster = await serve(t, { '/api/v1/nodes': { items: [] }, '/api/v1/pods': { items: [] } });
  const [event] = await events(cluster, 1);
  assert.ok(event?.type === 'silent');
  assert.match(event.problem, /^Kubernetes \(kubernetes\): .+/);
});

async function serve(t: TestContext, known: typeof answers): Promise<KubernetesCluster> {
  const server = createServer((request, response) => {
    const answer = known[new URL(request.url ?? '', 'http://x').pathname];
    response.writeHead(answer === undefined ? 404 : 200, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(answer ?? { kind: 'Status', message: 'not found', code: 404 }));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-kube-'));
  t.after(() => {
    server.close();
    server.closeAllConnections();
    rmSync(folder, { recursive: true });
  });
  const kubeconfig = join(folder, 'config');
  writeFileSync(
    kubeconfig,
    `apiVersion: v1
kind: Config
current-context: fake
clusters:
  - name: fake
    cluster: { server: 'http://127.0.0.1:${(server.address() as AddressInfo).port}', insecure-skip-tls-verify: true }
contexts: [{ name: fake, context: { cluster: fake, user: me } }]
users: [{ name: me, user: { token: secret } }]
`,
  );
  return { kubeconfig };
}

async function events(cluster: KubernetesCluster, count: number): Promise<FleetEvent[]> {
  const ending = new AbortController();
  const told: FleetEvent[] = [];
  await kubernetesSource(cluster).watch({
    signal: ending.signal,
    emit: event => {
      told.push(event);
      if (told.length === count) ending.abort();
    },
  });
  return told;
}
