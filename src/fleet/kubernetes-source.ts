import type { NodeMetric, PodMetric, V1Node, V1Pod } from '@kubernetes/client-node';
import type { ContainerReport, MachineReport } from '../capacity/index.ts';
import { messageOf } from '../errors.ts';
import { cleanText } from '../lib/clean-text.ts';
import { parseQuantity } from './parse-quantity.ts';
import { pause } from './pause.ts';
import { Seen } from './seen.ts';
import type { FleetSource, KubernetesCluster } from './types.ts';

/** The metrics API measures a few times a minute. */
const everyMs = 15_000;

/**
 * The nodes of a Kubernetes cluster, by its own API and its metrics API; pods are what can be moved. The client library
 * is as large as all else together, so it is loaded here alone.
 */
export function kubernetesSource(cluster: KubernetesCluster): FleetSource {
  const name = cluster.context ?? 'kubernetes';
  return {
    name,
    machines: [],
    async watch({ signal, emit }) {
      const seen = new Map<string, Seen>();
      while (!signal.aborted) {
        try {
          const state = await readCluster(cluster);
          for (const node of state.nodes) {
            const machine = node.metadata?.name ?? '';
            const own = seen.get(machine) ?? new Seen();
            seen.set(machine, own);
            const report = reportOf(node, state, own);
            if (report !== undefined) emit({ type: 'report', machine, report });
            if (report === undefined || !isReady(node))
              emit({ type: 'silent', machine, problem: 'the node is not ready, or is not measured' });
          }
          if (state.nodes.length === 0) throw new Error('it has no nodes');
        } catch (error) {
          const problem = `Kubernetes (${name}): ${cleanText(messageOf(error)).slice(0, 200)}`;
          for (const machine of seen.size === 0 ? [name] : seen.keys())
            if (!signal.aborted) emit({ type: 'silent', machine, problem });
        }
        await pause(everyMs, signal);
      }
    },
  };
}

interface ClusterState {
  readonly time: number;
  readonly nodes: readonly V1Node[];
  readonly pods: readonly V1Pod[];
  readonly nodeMetrics: ReadonlyMap<string, NodeMetric>;
  readonly podMetrics: ReadonlyMap<string, PodMetric>;
}

async function readCluster({ context, kubeconfig }: KubernetesCluster): Promise<ClusterState> {
  const client = await import('@kubernetes/client-node');
  const config = new client.KubeConfig();
  if (kubeconfig === undefined) config.loadFromDefault();
  else config.loadFromFile(kubeconfig);
  if (context !== undefined) config.setCurrentContext(context);
  const core = config.makeApiClient(client.CoreV1Api);
  const metrics = new client.Metrics(config);
  const [nodes, pods, nodeMetrics, podMetrics] = await Promise.all([
    core.listNode(),
    core.listPodForAllNamespaces({ fieldSelector: 'status.phase=Running' }),
    metrics.getNodeMetrics(),
    metrics.getPodMetrics(),
  ]);
  return {
    time: Date.now(),
    nodes: nodes.items,
    pods: pods.items,
    nodeMetrics: new Map(nodeMetrics.items.map(one => [one.metadata.name, one])),
    podMetrics: new Map(podMetrics.items.map(one => [nameOf(one), one])),
  };
}

function reportOf(node: V1Node, state: ClusterState, seen: Seen): MachineReport | undefined {
  const { time } = state;
  const name = node.metadata?.name ?? '';
  const measured = state.nodeMetrics.get(name);
  const capacity = {
    cpu: parseQuantity(node.status?.capacity?.cpu),
    memory: parseQuantity(node.status?.capacity?.memory),
  };
  if (measured === undefined || capacity.cpu === 0 || capacity.memory === 0) return undefined;
  const used = { cpu: parseQuantity(measured.usage.cpu), memory: parseQuantity(measured.usage.memory) };
  const pods = state.pods.filter(({ spec }) => spec?.nodeName === name).map(pod => podUse(pod, state));
  const movable = pods.filter(({ isOfNode }) => !isOfNode);
  const sum = (all: typeof pods, of: (pod: PodUse) => number) =>
    all.reduce((total, pod) => total + of(pod), 0);
  seen.add('machine', used.cpu, used.memory);
  const rest = (of: 'cpu' | 'memory') => Math.max(0, used[of] - sum(movable, pod => pod.used[of]));
  seen.add('rest', rest('cpu'), rest('memory'));
  for (const pod of movable) seen.add(pod.name, pod.used.cpu, pod.used.memory);
  const resource = (of: 'cpu' | 'memory') => ({
    capacity: capacity[of],
    used: Math.min(capacity[of], used[of]),
    usedByContainers: Math.min(
      capacity[of],
      sum(pods, pod => pod.used[of]),
    ),
    reserved: sum(pods, pod => pod.requested[of]),
    ...seen.machine(of),
  });
  return {
    ...{ time, hostname: cleanText(name), running: pods.length, observedSeconds: seen.since(time) },
    machine: cleanText(node.metadata?.labels?.['node.kubernetes.io/instance-type'] ?? 'Kubernetes node'),
    cpu: resource('cpu'),
    memory: resource('memory'),
    containers: movable.map(
      ({ name: pod, apart, isStatic }): ContainerReport => ({
        ...{ name: pod, cpu: seen.need(pod, 'cpu'), memory: seen.need(pod, 'memory') },
        ...(apart === undefined ? {} : { apart }),
        ...(isStatic ? { pinned: true as const } : {}),
      }),
    ),
  };
}

interface PodUse {
  readonly name: string;
  readonly used: { readonly cpu: number; readonly memory: number };
  readonly requested: { readonly cpu: number; readonly memory: number };
  /** The set that it is a replica of. */
  readonly apart?: string;
  /** Each node has one of these (a DaemonSet), so that it need not be moved. */
  readonly isOfNode: boolean;
  /** Only this node can run it. */
  readonly isStatic: boolean;
}

function podUse(pod: V1Pod, { podMetrics }: ClusterState): PodUse {
  const name = nameOf(pod);
  const owner = pod.metadata?.ownerReferences?.[0];
  const sum = (all: readonly ({ cpu?: string; memory?: string } | undefined)[]) => ({
    cpu: all.reduce((total, one) => total + parseQuantity(one?.cpu), 0),
    memory: all.reduce((total, one) => total + parseQuantity(one?.memory), 0),
  });
  const isReplica = owner?.kind === 'ReplicaSet' || owner?.kind === 'StatefulSet';
  return {
    name: cleanText(name),
    used: sum((podMetrics.get(name)?.containers ?? []).map(({ usage }) => usage)),
    requested: sum((pod.spec?.containers ?? []).map(({ resources }) => resources?.requests)),
    isOfNode: owner?.kind === 'DaemonSet',
    isStatic: owner?.kind === 'Node',
    ...(isReplica ? { apart: `${pod.metadata?.namespace ?? ''}/${owner.name}` } : {}),
  };
}

function isReady({ status }: V1Node): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;
}

function nameOf({
  metadata,
}: {
  readonly metadata?: { readonly namespace?: string; readonly name?: string };
}): string {
  return `${metadata?.namespace ?? ''}/${metadata?.name ?? ''}`;
}
