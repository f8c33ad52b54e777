/** What the manifest is made of. */
export interface DaemonSetRequest {
  readonly name: string;
  readonly namespace: string;
  /** Has plimsoll in its PATH, the tools that `plimsoll doctor` asks for, and curl for the probes. */
  readonly image: string;
  /** The root, by the same path on the node and in the pod: mounts and the records of them name it. */
  readonly dataRoot: string;
  /** Folder on the node for what does not survive a reboot. */
  readonly runFolder: string;
}

/**
 * A Kubernetes manifest by which every node has an engine, and its Docker API on a socket of the node. Containers
 * outlive the pod, so they are in the node's namespaces of processes and network and in its cgroups, not in the pod's;
 * mounts are seen on both sides.
 *
 * The probes ask over the socket: the kubelet's own `httpGet` knows neither sockets nor client certificates, and to
 * open a port of the node to whoever calls would make them root.
 */
export async function daemonSet({
  name,
  namespace,
  image,
  dataRoot,
  runFolder,
}: DaemonSetRequest): Promise<string> {
  const { stringify } = await import('yaml'); // large, and few commands need it
  const labels = { 'app.kubernetes.io/name': 'plimsoll', 'app.kubernetes.io/instance': name };
  const socket = `${runFolder}/docker.sock`;
  const ask = (path: string) => ({
    exec: {
      command: [
        'curl',
        '--silent',
        '--show-error',
        '--fail',
        '--unix-socket',
        socket,
        `http://plimsoll${path}`,
      ],
    },
    timeoutSeconds: 5,
  });
  const folders = [
    { name: 'root', path: dataRoot, type: 'DirectoryOrCreate', mountPropagation: 'Bidirectional' },
    { name: 'run', path: runFolder, type: 'DirectoryOrCreate', mountPropagation: 'Bidirectional' },
    { name: 'cgroup', path: '/sys/fs/cgroup', type: 'Directory', mountPropagation: 'HostToContainer' },
  ];
  const container = {
    name: 'daemon',
    image,
    command: ['plimsoll', '--root', dataRoot, 'daemon', '-H', `unix://${socket}`],
    securityContext: { privileged: true },
    // A first start may have containers to bring up again: the others wait for it.
    startupProbe: { ...ask('/_ping'), periodSeconds: 2, failureThreshold: 150 },
    livenessProbe: { ...ask('/_ping'), periodSeconds: 20, failureThreshold: 3 },
    readinessProbe: { ...ask('/healthz'), periodSeconds: 10, failureThreshold: 2 },
    resources: { requests: { cpu: '50m', memory: '128Mi' } },
    volumeMounts: folders.map(({ name: volume, path, mountPropagation }) => ({
      ...{ name: volume, mountPath: path, mountPropagation },
    })),
  };
  const manifest = {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name, namespace, labels },
    spec: {
      selector: { matchLabels: labels },
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1 } },
      template: {
        metadata: { labels },
        spec: {
          nodeSelector: { 'kubernetes.io/os': 'linux' },
          hostNetwork: true,
          hostPID: true,
          dnsPolicy: 'Default',
          automountServiceAccountToken: false,
          terminationGracePeriodSeconds: 30,
          containers: [container],
          volumes: folders.map(({ name: volume, path, type }) => ({
            name: volume,
            hostPath: { path, type },
          })),
        },
      },
    },
  };
  return stringify(manifest, { aliasDuplicateObjects: false, lineWidth: 0 });
}
