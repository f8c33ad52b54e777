import assert from 'node:assert/strict';
import { test } from 'node:test';
import { daemonOfOwn, dockerClients, noDocker } from '../support/daemon-of-own.ts';

test("docker's own client drives the API, and every answer is as the contract says", {
  skip: noDocker,
}, async t => {
  await using daemon = await daemonOfOwn();
  for (const client of dockerClients) {
    const attempt = (...args: string[]) => daemon.docker(client, args);
    const docker = async (...args: string[]) => {
      const done = await attempt(...args);
      assert.equal(done.code, 0, `docker ${args.join(' ')}: ${done.stderr}`);
      return done.stdout.trim();
    };

    await t.test(`${client} version, info`, async () => {
      const asked = await docker('version', '--format', '{{.Client.APIVersion}} {{.Server.MinAPIVersion}}');
      assert.match(asked, /^1\.\d+ 1\.24$/);
      assert.equal(await docker('info', '--format', '{{.Driver}} {{.Images}}'), 'overlay2 1');
    });

    await t.test(`${client} run -d, ps, inspect, logs, top, stats, stop, wait, rm`, async () => {
      const script = 'echo out; echo err >&2; trap "exit 3" TERM; while :; do sleep 0.1; done';
      const id = await docker(
        'run',
        '-d',
        '--name',
        'web',
        '-l',
        'team=a',
        '-m',
        '64m',
        'busybox',
        'sh',
        '-c',
        script,
      );
      assert.match(id, /^[0-9a-f]{64}$/);
      assert.equal(await docker('ps', '-q', '--no-trunc', '--filter', 'label=team=a'), id);
      assert.equal(await docker('ps', '-q', '--filter', 'label=team=b'), '');
      assert.match(await docker('ps', '--format', '{{.Names}}|{{.Status}}'), /^web\|Up /);
      const format = '{{.State.Status}} {{.HostConfig.Memory}} {{index .Config.Labels "team"}}';
      assert.equal(await docker('inspect', '-f', format, 'web'), 'running 67108864 a');
      const address = await docker('inspect', '-f', '{{.NetworkSettings.Networks.bridge.IPAddress}}', 'web');
      assert.match(address, /^\d+\.\d+\.\d+\.\d+$/);
      await until(async () => (await docker('logs', 'web')).includes('out'));
      const logs = await attempt('logs', '--timestamps', 'web');
      assert.match(logs.stdout, /^\d{4}-\d\d-\d\dT\S+ out\n$/);
      assert.match(logs.stderr, /^\d{4}-\d\d-\d\dT\S+ err\n$/);
      assert.match(await docker('top', 'web'), /sleep 0\.1|sh -c/);
      assert.match(await docker('stats', '--no-stream', '--format', '{{.Name}} {{.PIDs}}'), /^web [12]$/);
      await docker('pause', 'web');
      assert.equal(await docker('inspect', '-f', '{{.State.Status}}', 'web'), 'paused');
      await docker('unpause', 'web');
      await docker('update', '-m', '96m', '--memory-swap', '96m', 'web');
      assert.equal(await docker('inspect', '-f', '{{.HostConfig.Memory}}', 'web'), String(96 * 1024 * 1024));
      await docker('rename', 'web', 'site');
      await docker('stop', 'site');
      assert.equal(await docker('wait', 'site'), '3');
      assert.equal(
        await docker('inspect', '-f', '{{.State.Status}} {{.State.ExitCode}}', 'site'),
        'exited 3',
      );
      await docker('rm', 'site');
      assert.equal(await docker('ps', '-aq'), '');
    });

    await t.test(`${client} logs -f ends with the container; diff, restart, kill, prune`, async () => {
      await docker(
        'run',
        '-d',
        '--name',
        'short',
        'busybox',
        'sh',
        '-c',
        'echo 1; touch /new; sleep 0.5; echo 2',
      );
      assert.equal(await docker('logs', '-f', 'short'), '1\n2');
      assert.match(await docker('diff', 'short'), /^A \/new$/m);
      await docker('restart', 'short');
      assert.equal(await docker('wait', 'short'), '0');
      await docker('run', '-d', '--name', 'long', 'busybox', 'sleep', '100');
      await docker('kill', '-s', 'KILL', 'long');
      assert.equal(await docker('wait', 'long'), '137');
      assert.match(await docker('container', 'prune', '-f'), /Total reclaimed space/);
      assert.equal(await docker('ps', '-aq'), '');
    });

    await t.test(`${client} events tells what has happened`, async () => {
      const past = await docker(
        'events',
        '--since',
        '10m',
        '--until',
        '-1s', // its seconds are whole ones
        '-f',
        'container=long',
        '--format',
        '{{.Action}}',
      );
      assert.deepEqual(new Set(past.split('\n')), new Set(['create', 'start', 'kill', 'die', 'destroy']));
    });

    await t.test(`${client} is told what is wrong`, async () => {
      const absent = await attempt('logs', 'nosuch');
      assert.equal(absent.code, 1);
      assert.match(absent.stderr, /there is no container "nosuch"|No such container: nosuch/);
      const notThere = await attempt('run', '-d', 'busybox', 'nosuch');
      assert.equal(notThere.code, 127, notThere.stderr);
      const notRunnable = await attempt('run', '-d', 'busybox', '/etc');
      assert.equal(notRunnable.code, 126, notRunnable.stderr);
      const badLimit = await attempt('run', '-d', '-m', '1', 'busybox', 'true');
      assert.equal(badLimit.code, 125);
      assert.match(badLimit.stderr, /memory limit/);
      await docker('container', 'prune', '-f');
    });
  }
  assert.deepEqual(daemon.proxy.breaches, []);
  assert.ok(daemon.proxy.asked.length > 40, 'the answers did pass the contract');
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise(resolve => setTimeout(resolve, 50));
}
