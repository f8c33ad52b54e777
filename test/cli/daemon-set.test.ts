import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { daemonSet } from '../../src/cli/generate/daemon-set.ts';
import { noEngine, rootOfOwn } from '../support/root-of-own.ts';
import { runPlimsoll } from '../support/run-cli.ts';

interface Probe {
  readonly exec: { readonly command: readonly string[] };
}

/** What of a manifest is looked at (Kubernetes API, apps/v1). */
interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly selector: { readonly matchLabels: object };
    readonly template: {
      readonly metadata: { readonly labels: object };
      readonly spec: {
        readonly hostPID: boolean;
        readonly hostNetwork: boolean;
        readonly containers: readonly {
          readonly image: string;
          readonly command: readonly string[];
          readonly securityContext: object;
          readonly startupProbe: Probe;
          readonly livenessProbe: Probe;
          readonly readinessProbe: Probe;
          readonly volumeMounts: readonly {
            readonly name: string;
            readonly mountPath: string;
            readonly mountPropagation: string;
          }[];
        }[];
        readonly volumes: readonly { readonly name: string; readonly hostPath: { readonly path: string } }[];
      };
    };
  };
}

test('generate daemonset prints a manifest with all that an engine needs of a node', async () => {
  const { code, stdout } = await runPlimsoll([
    ...['generate', 'daemonset', '--image', 'reg.example/plimsoll:1', '--name', 'ships'],
    ...['--namespace', 'fleet', '--data-root', '/srv/containers/'],
  ]);
  assert.equal(code, 0);
  const { apiVersion, kind, metadata, spec } = parse(stdout) as Manifest;
  assert.deepEqual(
    [apiVersion, kind, metadata.name, metadata.namespace],
    ['apps/v1', 'DaemonSet', 'ships', 'fleet'],
  );
  assert.deepEqual(spec.selector.matchLabels, spec.template.metadata.labels);
  const { containers, volumes, hostPID, hostNetwork } = spec.template.spec;
  assert.deepEqual([hostPID, hostNetwork, containers.length], [true, true, 1]);
  const [daemon] = containers;
  assert.equal(daemon?.image, 'reg.example/plimsoll:1');
  assert.deepEqual(daemon.securityContext, { privileged: true });
  assert.deepEqual(
    daemon.volumeMounts.map(({ name, mountPath, mountPropagation }) => {
      const hostPath = volumes.find(volume => volume.name === name)?.hostPath.path;
      assert.equal(hostPath, mountPath, 'by the same path on both sides');
      return [mountPath, mountPropagation];
    }),
    [
      ['/srv/containers', 'Bidirectional'],
      ['/run/plimsoll', 'Bidirectional'],
      ['/sys/fs/cgroup', 'HostToContainer'],
    ],
  );
  assert.match(
    daemon.livenessProbe.exec.command.join(' '),
    /--unix-socket \/run\/plimsoll\/docker\.sock .*\/_ping$/,
  );
  assert.match(daemon.readinessProbe.exec.command.join(' '), /\/healthz$/);
  assert.doesNotMatch(stdout, /[&*]a\d/, 'no aliases: people edit it');
});

test('what Kubernetes would refuse is refused', async () => {
  const image = ['generate', 'daemonset', '--image', 'x'];
  for (const words of [
    ['--name', 'Big'],
    ['--namespace', '-x'],
    ['--data-root', 'here'],
    ['--data-root', '/'],
  ])
    assert.notEqual((await runPlimsoll([...image, ...words])).code, 0, words.join(' '));
  assert.notEqual((await runPlimsoll(['generate', 'daemonset'])).code, 0);
});

test('its command serves, and its probes see it', { skip: noEngine }, async () => {
  await using own = await rootOfOwn();
  const text = await daemonSet({
    ...{
      name: 'a',
      namespace: 'b',
      image: 'c',
      dataRoot: own.root.dataDir,
      runFolder: join(own.folder, 'run'),
    },
  });
  const [container] = (parse(text) as Manifest).spec.template.spec.containers;
  assert.ok(container);
  const run = ({ exec: { command } }: Probe) => spawnSync(command[0] ?? '', command.slice(1)).status;
  assert.notEqual(run(container.livenessProbe), 0);
  const launcher = resolve(import.meta.dirname, '../../bin/plimsoll');
  const daemon = spawn(launcher, container.command.slice(1), { stdio: ['ignore', 'ignore', 'pipe'] });
  const exited = once(daemon, 'exit');
  try {
    await Promise.race([once(daemon.stderr, 'data'), exited]);
    const { startupProbe, livenessProbe, readinessProbe } = container;
    assert.deepEqual([startupProbe, livenessProbe, readinessProbe].map(run), [0, 0, 0]);
  } finally {
    daemon.kill('SIGTERM');
    await exited;
  }
});
