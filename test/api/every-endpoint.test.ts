import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import WebSocket from 'ws';
import { type DaemonOfOwn, daemonOfOwn } from '../support/daemon-of-own.ts';
import { operationNameOf, operations } from '../support/docker-contract.ts';
import { tarOf } from '../support/layer-root.ts';
import { noEngine } from '../support/root-of-own.ts';

/** A request, and the status that answers it; `$name` stands for what an earlier answer was kept as. */
interface Step {
  readonly ask: string;
  readonly status: number;
  readonly body?: object | Buffer;
  /** Keeps this field of the answer, or all of it. */
  readonly keep?: readonly [name: string, field?: string];
}

const step = (ask: string, status: number, body?: Step['body'], keep?: Step['keep']): Step => ({
  ...{ ask, status },
  ...(body === undefined ? {} : { body }),
  ...(keep === undefined ? {} : { keep }),
});

const sleeper = { Image: 'busybox', Cmd: ['sleep', '1000'], HostConfig: { NetworkMode: 'none' } };
const file = tarOf({ name: 'file', content: 'content' });
const context = tarOf({ name: 'Dockerfile', content: 'FROM busybox\nENV A=b\n' });
const command = { Cmd: ['cat'], AttachStdout: true, AttachStdin: true, Tty: true };
const filters = (value: object) => `filters=${encodeURIComponent(JSON.stringify(value))}`;

const system = [
  step('GET /_ping', 200),
  step('HEAD /_ping', 200),
  step('GET /version', 200),
  step('GET /info', 200),
  step('GET /system/df', 200),
  step('GET /system/df?type=volume&type=image', 200),
  step('GET /system/df?type=nosuch', 400),
  step('GET /events?since=1&until=2', 200),
  step('GET /events?since=x', 400),
  step('POST /auth', 400, { username: 'a' }),
  step('POST /auth', 503, { username: 'a', password: 'b', serveraddress: '127.0.0.1:1' }),
];

const images = [
  step('GET /images/json', 200),
  step('GET /images/busybox/json', 200),
  step('GET /images/nosuch/json', 404),
  step('GET /images/busybox/history', 200),
  step('GET /images/nosuch/history', 404),
  step('POST /images/busybox/tag?repo=127.0.0.1:1/again&tag=2', 201),
  step('POST /images/nosuch/tag?repo=a', 404),
  step('POST /images/busybox/tag?repo=A', 400),
  step('POST /images/127.0.0.1:1/again/push?tag=2', 200),
  step('POST /images/nosuch/push', 404),
  step('GET /images/busybox/get', 200, undefined, ['archive']),
  step('GET /images/get?names=busybox', 200),
  step('GET /images/get?names=nosuch', 404),
  step('POST /images/load?quiet=1', 200, Buffer.from('$archive')),
  step('POST /images/create?fromSrc=-&repo=imported', 200, file),
  step('POST /images/create?fromImage=127.0.0.1:1/nosuch&tag=1', 503),
  step('GET /images/search?term=127.0.0.1:1/x', 503),
  step('GET /distribution/127.0.0.1:1/nosuch/json', 503),
  step('POST /build?t=built', 200, context),
  step('POST /build?t=A', 400, context),
  step('POST /build/prune', 200),
  step('DELETE /images/imported', 200),
  step('DELETE /images/nosuch', 404),
  step(`POST /images/prune?${filters({ dangling: ['true'] })}`, 200),
  step('POST /session', 404),
];

/** Every operation on a container, for one that there is not. */
const nobody = [...operations]
  .filter(([name, statuses]) => name.includes(' /containers/{id}') && statuses.includes(404))
  .filter(([name]) => !name.endsWith('/ws')) // that one wants a websocket first
  .map(([name]) => {
    const query = '?path=/&name=x&stdout=1&stderr=1&stream=1&h=1&w=1';
    const body = name.endsWith('/archive') ? file : {};
    const asksAlone = /^(GET|HEAD|DELETE) /.test(name);
    return step(`${name.replace('{id}', 'nosuch')}${query}`, 404, asksAlone ? undefined : body);
  });

const containers = [
  step('POST /containers/create?name=one', 201, { ...sleeper, OpenStdin: true, Tty: true }),
  step('POST /containers/create?name=one', 409, sleeper),
  step('POST /containers/create?name=two', 201, { ...sleeper, Cmd: ['sh', '-c', 'echo out; exit 3'] }),
  step('POST /containers/create', 404, { Image: 'nosuch' }),
  step('GET /containers/json?all=1&size=1', 200),
  step('GET /containers/json?filters=x', 400),
  step('POST /containers/create', 400, { Image: 3 }),
  step('GET /containers/one/json?size=1', 200),
  step('GET /containers/nosuch/json', 404),
  step('POST /containers/one/start', 204),
  step('POST /containers/one/start', 304),
  step('POST /containers/nosuch/start', 404),
  step('POST /containers/two/start', 204),
  step('POST /containers/two/wait', 200),
  step('POST /containers/two/wait?condition=nosuch', 400),
  step('GET /containers/two/logs?stdout=1', 200),
  step('GET /containers/two/logs', 400),
  step('POST /containers/two/attach?logs=1&stdout=1', 200),
  step('GET /containers/one/attach/ws', 400),
  step('GET /containers/one/top', 200),
  step('GET /containers/two/top', 409),
  step('GET /containers/one/stats?stream=0', 200),
  step('GET /containers/one/stats?stream=0&one-shot=1', 200),
  step('GET /containers/one/changes', 200),
  step('GET /containers/one/export', 200),
  step('POST /containers/one/resize?h=20&w=90', 200),
  step('POST /containers/one/resize', 400),
  step('PUT /containers/one/archive?path=/tmp', 200, file),
  step('PUT /containers/one/archive?path=/nosuch', 404, file),
  step('GET /containers/one/archive?path=/tmp/file', 200),
  step('GET /containers/one/archive?path=/nosuch', 404),
  step('HEAD /containers/one/archive?path=/tmp/file', 200),
  step('HEAD /containers/one/archive?path=/nosuch', 404),
  step('GET /containers/one/archive', 400),
  step('HEAD /containers/one/archive', 400),
  step('PUT /containers/one/archive', 400, file),
  step('POST /containers/one/attach?stream=1&detachKeys=shift-x', 400),
  step('DELETE /containers/one?link=1', 400),
  step('DELETE /containers/one', 409),
  step('POST /containers/one/exec', 201, command, ['exec', 'Id']),
  step('POST /containers/nosuch/exec', 404, command),
  step('POST /containers/two/exec', 409, command),
  step('GET /exec/$exec/json', 200),
  step('GET /exec/nosuch/json', 404),
  step('POST /exec/$exec/start', 200, { Detach: true }),
  step('POST /exec/$exec/start', 409, {}),
  step('POST /exec/nosuch/start', 404, {}),
  step('POST /exec/$exec/resize?h=20&w=90', 200),
  step('POST /exec/nosuch/resize?h=20&w=90', 404),
  step('POST /exec/$exec/resize?h=20', 400),
  step('POST /commit?container=one&repo=committed', 201, {}),
  step('POST /commit?container=nosuch', 404, {}),
  step('POST /containers/one/update', 200, { RestartPolicy: { Name: 'no' } }),
  step('POST /containers/one/rename?name=first', 204),
  step('POST /containers/first/rename?name=two', 409),
  step('POST /containers/first/pause', 204),
  step('POST /containers/first/unpause', 204),
  step('POST /containers/first/unpause', 409),
  step('POST /containers/first/restart?t=0', 204),
  step('POST /containers/first/kill?signal=TERM', 204),
  step('POST /containers/two/kill', 409),
  step('POST /containers/first/stop?t=0', 204),
  step('POST /containers/first/stop', 304),
  step('DELETE /containers/first', 204),
  step('DELETE /containers/first', 404),
  step('POST /containers/prune', 200),
];

const around = [
  step('POST /volumes/create', 201, { Name: 'data', Labels: { a: 'b' } }),
  step('GET /volumes', 200),
  step('GET /volumes/data', 200),
  step('GET /volumes/nosuch', 404),
  step('PUT /volumes/data', 503, {}),
  step('DELETE /volumes/data', 204),
  step('DELETE /volumes/data', 404),
  step('POST /volumes/prune', 200),
  step('POST /networks/create', 201, { Name: 'shop' }),
  step('POST /networks/create', 409, { Name: 'shop' }),
  step('GET /networks', 200),
  step('GET /networks/shop', 200),
  step('GET /networks/nosuch', 404),
  step('POST /volumes/create', 201, { Name: 'held' }),
  step('POST /containers/create?name=member', 201, { ...sleeper, HostConfig: { Binds: ['held:/held'] } }),
  step('DELETE /volumes/held', 409),
  step('POST /networks/create', 400, {}),
  step('POST /networks/create', 501, { Name: 'x', Driver: 'nosuch' }),
  step('POST /networks/shop/connect', 400, {}),
  step('POST /networks/nosuch/disconnect', 404, { Container: 'member' }),
  step('DELETE /networks/nosuch', 404),
  step('POST /networks/shop/connect', 200, { Container: 'member' }),
  step('POST /networks/nosuch/connect', 404, { Container: 'member' }),
  step('POST /networks/shop/disconnect', 200, { Container: 'member' }),
  step('DELETE /containers/member?force=1', 204),
  step('DELETE /networks/shop', 204),
  step('DELETE /networks/bridge', 403),
  step('POST /networks/prune', 200),
];

const swarm = [
  ...['GET /nodes', 'GET /nodes/x', 'DELETE /nodes/x', 'POST /nodes/x/update'],
  ...['GET /swarm', 'GET /swarm/unlockkey'],
  ...['init', 'join', 'leave', 'update', 'unlock'].map(verb => `POST /swarm/${verb}`),
  ...['GET /services/x/logs', 'GET /tasks', 'GET /tasks/x', 'GET /tasks/x/logs'],
  ...['services', 'secrets', 'configs'].flatMap(name => [
    ...[`GET /${name}`, `POST /${name}/create`, `GET /${name}/x`, `DELETE /${name}/x`],
    `POST /${name}/x/update`,
  ]),
].map(ask => step(ask, 503, ask.startsWith('POST') ? {} : undefined));

const plugins = [
  step('GET /plugins', 200),
  step('GET /plugins/privileges?remote=x', 501),
  step('POST /plugins/pull?remote=x', 501, []),
  step('POST /plugins/create?name=x', 501, file),
  step('GET /plugins/x/json', 404),
  step('DELETE /plugins/x', 404),
  ...['enable', 'disable', 'upgrade', 'push', 'set'].map(verb => step(`POST /plugins/x/${verb}`, 404, [])),
];

test('every endpoint of the contract is asked, and answers by it', { skip: noEngine }, async t => {
  await using daemon = await daemonOfOwn();
  const kept = new Map<string, string | Buffer>();
  for (const [name, steps] of Object.entries({
    system,
    images,
    nobody,
    containers,
    around,
    swarm,
    plugins,
  })) {
    await t.test(name, async () => {
      const wrong: string[] = [];
      for (const each of steps) wrong.push(...(await take(daemon, each, kept)));
      assert.deepEqual(wrong, []);
    });
  }
  await t.test('connections that are given over', async () => await giveOver(daemon));

  assert.deepEqual(daemon.proxy.breaches, []);
  const seen = seenOf(daemon.proxy.asked);
  const untouched = [...operations.keys()].filter(name => !seen.has(name));
  tellCoverage(t, seen);
  assert.deepEqual(untouched, [], 'nobody asks for these');
});

/** The statuses that were seen, by operation. */
function seenOf(asked: readonly string[]): ReadonlyMap<string, ReadonlySet<number>> {
  const seen = new Map<string, Set<number>>();
  for (const line of asked) {
    const [method = '', path = '', status] = line.split(' ');
    const name = operationNameOf(method, path);
    if (name !== undefined) seen.set(name, (seen.get(name) ?? new Set()).add(Number(status)));
  }
  return seen;
}

/** What a daemon never says that is no node of a swarm, and has no plugins. */
function isOfSwarm(name: string): boolean {
  return swarm.concat(plugins).some(({ ask }) => ask.split('/')[1] === name.split(/[/ ]+/)[1]);
}

/** What of the contract was not seen: an engine that does not fail gives no 500. */
function tellCoverage(t: TestContext, seen: ReadonlyMap<string, ReadonlySet<number>>): void {
  let [all, unseen] = [0, 0];
  for (const [name, statuses] of operations) {
    const missing = statuses.filter(
      status => status !== 500 && !isOfSwarm(name) && !seen.get(name)?.has(status),
    );
    [all, unseen] = [all + statuses.length, unseen + missing.length];
    if (missing.length > 0) t.diagnostic(`${name}: not seen ${missing.join(' ')}`);
  }
  t.diagnostic(`${seen.size} of ${operations.size} operations, all but ${unseen} of ${all} statuses`);
}

/** Returns what is wrong with the answer. */
async function take(
  daemon: DaemonOfOwn,
  { ask, status, body, keep }: Step,
  kept: Map<string, string | Buffer>,
): Promise<string[]> {
  const [method = '', path = ''] = ask
    .replace(/\$(\w+)/, (_, name: string) => String(kept.get(name)))
    .split(' ');
  const [, stored] = /^\$(\w+)$/.exec(body instanceof Buffer ? body.toString('latin1') : '') ?? [];
  const sent = stored === undefined ? body : (kept.get(stored) as Buffer);
  const answer = await answerOf(daemon.proxied, { method, path, body: sent });
  if (answer.status !== status)
    return [`${ask} ${answer.status}, not ${status}: ${answer.body.toString('utf8', 0, 300)}`];
  if (keep === undefined) return [];
  const [name, field] = keep;
  kept.set(
    name,
    field === undefined
      ? answer.body
      : String((JSON.parse(answer.body.toString()) as Record<string, unknown>)[field]),
  );
  return [];
}

/** By `Upgrade: tcp`, and by a websocket. */
async function giveOver({ proxied, plimsoll }: DaemonOfOwn): Promise<void> {
  await plimsoll('run', '-d', '--name', 'open', '--network', 'none', 'busybox', 'sleep', '1000');
  const made = await answerOf(proxied, {
    method: 'POST',
    path: '/containers/open/exec',
    body: { Cmd: ['true'] },
  });
  const { Id } = JSON.parse(made.body.toString()) as { Id: string };
  for (const path of ['/containers/open/attach?stream=1&stdout=1', `/exec/${Id}/start`]) {
    const headers = { connection: 'upgrade', upgrade: 'tcp', 'content-type': 'application/json' };
    const asked = request({ socketPath: proxied, method: 'POST', path, headers });
    asked.end('{}');
    const [answer, socket] = (await once(asked, 'upgrade')) as [{ statusCode: number }, { destroy(): void }];
    assert.equal(answer.statusCode, 101);
    socket.destroy();
  }
  const websocket = new WebSocket(`ws+unix:${proxied}:/v1.51/containers/open/attach/ws?stream=1&stdout=1`);
  await once(websocket, 'open');
  websocket.terminate();
}

function answerOf(
  socketPath: string,
  {
    method,
    path,
    body,
  }: { readonly method: string; readonly path: string; readonly body?: Step['body'] | undefined },
): Promise<{ status: number; body: Buffer }> {
  const type = body instanceof Buffer ? 'application/x-tar' : 'application/json';
  const bytes = body === undefined || body instanceof Buffer ? body : Buffer.from(JSON.stringify(body));
  const headers = bytes === undefined ? {} : { 'content-type': type, 'content-length': bytes.length };
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, method, path: `/v1.51${path}`, headers }, answer => {
      buffer(answer).then(whole => resolve({ status: answer.statusCode ?? 0, body: whole }), reject);
    });
    asked.on('error', reject).setTimeout(30_000, () => asked.destroy(new Error(`${method} ${path} hangs`)));
    asked.end(bytes);
  });
}
