import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { daemonOfOwn } from '../support/daemon-of-own.ts';
import { noEngine } from '../support/root-of-own.ts';

const everything = [
  'bind-mounts',
  'privileged',
  'host-network',
  'host-namespaces',
  'devices',
  'capabilities',
  'unconfined',
];

/** Bodies of `POST /containers/create` that ask for more than the policy lets them. */
const greedy: [string, object][] = [
  ['a bind', { HostConfig: { Binds: ['/:/host'] } }],
  ['a bind by Mounts', { HostConfig: { Mounts: [{ Type: 'bind', Source: '/', Target: '/host' }] } }],
  ['privilege', { HostConfig: { Privileged: true } }],
  ['the network of the host', { HostConfig: { NetworkMode: 'host' } }],
  ['that by an endpoint', { NetworkingConfig: { EndpointsConfig: { host: {} } } }],
  ['its processes', { HostConfig: { PidMode: 'host' } }],
  ['its memory', { HostConfig: { IpcMode: 'host' } }],
  ['its name', { HostConfig: { UTSMode: 'host' } }],
  ['its cgroups', { HostConfig: { CgroupnsMode: 'host' } }],
  ['its users', { HostConfig: { UsernsMode: 'host' } }],
  ['a device', { HostConfig: { Devices: [{ PathOnHost: '/dev/mem', PathInContainer: '/dev/mem' }] } }],
  ['a rule for devices', { HostConfig: { DeviceCgroupRules: ['a *:* rwm'] } }],
  ['a GPU', { HostConfig: { DeviceRequests: [{ Count: -1, Capabilities: [['gpu']] }] } }],
  ['a CDI device', { HostConfig: { DeviceRequests: [{ Driver: 'cdi', DeviceIDs: ['a.b/c=d'] }] } }],
  ['a capability', { HostConfig: { CapAdd: ['SYS_ADMIN'] } }],
  ['every capability', { HostConfig: { CapAdd: ['ALL'] } }],
  ['every system call', { HostConfig: { SecurityOpt: ['seccomp=unconfined'] } }],
  ['a profile of its own', { HostConfig: { SecurityOpt: ['seccomp={"defaultAction":"SCMP_ACT_ALLOW"}'] } }],
  ['no AppArmor', { HostConfig: { SecurityOpt: ['apparmor:unconfined'] } }],
  ['all of /proc', { HostConfig: { SecurityOpt: ['systempaths=unconfined'] } }],
  ['that by no masked path', { HostConfig: { MaskedPaths: [], ReadonlyPaths: [] } }],
  ['a filter of its own', { HostConfig: { Annotations: { 'run.oci.seccomp_bpf_data': 'BgAAAAAA/38=' } } }],
  ['a file for hooks', { HostConfig: { Annotations: { 'run.oci.hooks.stdout': '/etc/cron.d/x' } } }],
  ['the network of one that has more', { HostConfig: { NetworkMode: 'container:admin' } }],
  ['its processes', { HostConfig: { PidMode: 'container:admin' } }],
  ['its memory', { HostConfig: { IpcMode: 'container:admin' } }],
  ['its volumes', { HostConfig: { VolumesFrom: ['admin:rw'] } }],
  ['the processes of one that has them of another', { HostConfig: { PidMode: 'container:second' } }],
];

/** Other calls that lead around it. */
const detours: [string, string, string, object?][] = [
  ['a volume that is a folder', 'POST', '/volumes/create', folderVolume('bind')],
  ['the same by another word', 'POST', '/volumes/create', folderVolume('rbind,ro')],
  ['a network on a link of the host', 'POST', '/networks/create', { Name: 'x', Driver: 'macvlan' }],
  ['the same by ipvlan', 'POST', '/networks/create', { Name: 'x', Driver: 'ipvlan' }],
  ['to enter one that has more', 'POST', '/containers/admin/exec', { Cmd: ['id'] }],
  ['to attach to it', 'POST', '/containers/admin/attach?stream=1&stdin=1'],
  ['to read its files', 'GET', '/containers/admin/archive?path=/host'],
  ['to write its files', 'PUT', '/containers/admin/archive?path=/host'],
  ['a step on the network of the host', 'POST', '/build?networkmode=host', Buffer.alloc(1024)],
];

test('a client that a policy forbids all that is more than a container', { skip: noEngine }, async t => {
  const folder = mkdtempSync('/var/tmp/plt-authz-');
  try {
    writeFileSync(join(folder, 'policy.json'), JSON.stringify({ forbid: everything }));
    await using daemon = await daemonOfOwn({ words: ['--authz', join(folder, 'policy.json')] });
    const ask = (method: string, path: string, body?: object) => answerOf(daemon.socket, method, path, body);
    const admin = ['--privileged', '--network', 'host', '--ipc', 'shareable', '-v', `${folder}:/host`, '-i'];
    const run = ['busybox', 'sleep', '1000'];
    for (const words of [
      ['--name', 'admin', ...admin],
      ['--name', 'second', '--pid', 'container:admin'],
    ])
      assert.equal((await daemon.plimsoll('run', '-d', ...words, ...run)).code, 0);

    for (const [what, body] of greedy) {
      await t.test(`is refused ${what}: ${JSON.stringify(body)}`, async () => {
        const answer = await ask('POST', '/containers/create', { Image: 'busybox', ...body });
        assert.equal(answer.status, 403, answer.text);
        assert.match(
          (JSON.parse(answer.text) as { message: string }).message,
          /policy of this daemon forbids/,
        );
      });
    }
    for (const [what, method, path, body] of detours) {
      await t.test(`is refused ${what}: ${method} ${path}`, async () => {
        const answer = await ask(method, path, body);
        assert.match(answer.text, /policy of this daemon forbids/);
        if (!path.startsWith('/build') && !path.includes('/exec')) assert.equal(answer.status, 403);
      });
    }
    const own = { Image: 'busybox', Cmd: ['sleep', '1000'], HostConfig: { NetworkMode: 'none' } };
    await ask('POST', '/containers/create?name=own', own);
    assert.equal((await ask('POST', '/containers/own/start')).status, 204);

    await t.test('may have, enter and change a container of the ordinary kind', async () => {
      const made = await ask('POST', '/containers/own/exec', { Cmd: ['echo', 'mine'], AttachStdout: true });
      const { Id } = JSON.parse(made.text) as { Id: string };
      assert.match((await ask('POST', `/exec/${Id}/start`, {})).text, /mine/);
      assert.equal((await ask('GET', '/containers/own/archive?path=/etc')).status, 200);
    });
    await t.test('is given no more by an update', async () => {
      const before = (await ask('GET', '/containers/own/json')).text;
      const device = { PathOnHost: '/dev/mem', PathInContainer: '/dev/mem', CgroupPermissions: 'rwm' };
      const more = { Devices: [device], DeviceCgroupRules: ['a *:* rwm'], Privileged: true, CapAdd: ['ALL'] };
      await ask('POST', '/containers/own/update', more);
      assert.equal((await ask('GET', '/containers/own/json')).text, before);
    });
    await t.test('is given no capability by an exec', async () => {
      const asked = { Cmd: ['grep', 'CapEff', '/proc/self/status'], AttachStdout: true, Privileged: true };
      const made = await ask('POST', '/containers/own/exec', asked);
      const { Id } = JSON.parse(made.text) as { Id?: string };
      const answer = Id === undefined ? made : await ask('POST', `/exec/${Id}/start`, {});
      assert.match(answer.text, /policy of this daemon forbids/);
    });
    await t.test('cannot have a folder of the host built from', async () => {
      const answer = await ask('POST', '/build?remote=/etc&dockerfile=passwd');
      assert.match(answer.text, /no address to build from/);
    });
    for (const name of ['admin', 'second', 'own']) await daemon.plimsoll('rm', '-f', name);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

function folderVolume(o: string): object {
  return { Name: 'host', DriverOpts: { type: 'none', o, device: '/' } };
}

function answerOf(
  socketPath: string,
  method: string,
  path: string,
  body?: object,
): Promise<{ status: number; text: string }> {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body === undefined ? '' : JSON.stringify(body));
  const type = Buffer.isBuffer(body) ? 'application/x-tar' : 'application/json';
  const headers = { 'content-type': type, 'content-length': bytes.length };
  return new Promise((answered, failed) => {
    const asked = request({ socketPath, method, path, headers }, incoming => {
      incoming
        .toArray()
        .then(
          (chunks: Buffer[]) =>
            answered({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
          failed,
        );
    });
    asked.once('error', failed);
    asked.end(bytes);
  });
}
