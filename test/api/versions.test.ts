import assert from 'node:assert/strict';
import { request } from 'node:http';
import { test } from 'node:test';
import { type DaemonOfOwn, daemonOfOwn } from '../support/daemon-of-own.ts';
import { noEngine } from '../support/root-of-own.ts';

test('answers are as the version that is asked for has them', { skip: noEngine }, async t => {
  await using daemon = await daemonOfOwn();
  const ask = asker(daemon);
  for (const words of [
    ['network', 'create', 'sea'],
    [
      'run',
      '-d',
      '--name',
      'ship',
      '--network',
      'sea',
      '--network-alias',
      'boat',
      'busybox',
      'sleep',
      '1000',
    ],
    ['volume', 'create', 'named'],
  ])
    assert.equal((await daemon.plimsoll(...words)).code, 0);
  const { id } = (await ask('GET', '/containers/ship/json').then(({ json }) => ({ id: json.Id }))) as {
    id: string;
  };
  await ask('POST', '/commit?container=ship&repo=');

  for (const version of ['1.24', '1.38', '1.41', '1.42', '1.43', '1.44', '1.45', '1.51']) {
    const minor = Number(version.slice(2));
    const at = (method: string, path: string) => ask(method, `/v${version}${path}`);
    await t.test(`v${version}`, async () => {
      assert.equal((await at('GET', '/version')).json.ApiVersion, '1.51');
      const images = (await at('GET', '/images/json')).json as unknown as {
        RepoTags: string[];
        VirtualSize?: number;
      }[];
      assert.equal(images.length, 2);
      const nameless = images.find(({ RepoTags }) => !RepoTags.includes('localhost/busybox:latest'));
      assert.deepEqual(nameless?.RepoTags, minor < 43 ? ['<none>:<none>'] : []);
      assert.equal(images[0]?.VirtualSize !== undefined, minor < 44);
      const { NetworkSettings } = (await at('GET', '/containers/ship/json')).json as {
        NetworkSettings: { Networks: { sea: { Aliases: string[] } } };
      };
      const aliases = minor < 45 ? ['boat', id.slice(0, 12)] : ['boat'];
      assert.deepEqual(NetworkSettings.Networks.sea.Aliases, aliases);
      const { type } = await at('GET', '/containers/ship/logs?stdout=1');
      const framed = minor < 42 ? 'raw' : 'multiplexed';
      assert.equal(type, `application/vnd.docker.${framed}-stream`);
    });
  }

  await t.test('a prune of volumes spares those with a name, since 1.42', async () => {
    const pruned = async (version: string) =>
      (await ask('POST', `/v${version}/volumes/prune`)).json.VolumesDeleted as string[];
    assert.deepEqual(await pruned('1.42'), []);
    assert.deepEqual(await pruned('1.41'), ['named']);
  });
});

test('GET /containers/json: every filter finds what it says', { skip: noEngine }, async t => {
  await using daemon = await daemonOfOwn();
  const ask = asker(daemon);
  const plimsoll = async (...words: string[]) => {
    const done = await daemon.plimsoll(...words);
    assert.equal(done.code, 0, done.stderr);
    return done.stdout.trim();
  };
  await plimsoll('network', 'create', 'sea');
  await plimsoll('volume', 'create', 'hold');
  const health = ['--health-cmd', 'true', '--health-interval', '100ms'];
  const first = await plimsoll('create', '--name', 'first', 'busybox');
  const runs = await plimsoll(
    ...['run', '-d', '--name', 'runs', '-l', 'team=a', '-l', 'tier', '--network', 'sea', '-v', 'hold:/hold'],
    ...['-p', '127.0.0.1::80', '--expose', '90', ...health, 'busybox', 'sleep', '1000'],
  );
  const ended = await plimsoll(
    'create',
    '--name',
    'ended',
    '--network',
    'none',
    'busybox',
    'sh',
    '-c',
    'exit 7',
  );
  await plimsoll('start', 'ended');
  await plimsoll('wait', 'ended');
  const published = (await plimsoll('port', 'runs', '80')).split(':').at(-1) ?? '';
  const image = String((await ask('GET', '/images/busybox/json')).json.Id);
  const found = async (filters: Record<string, string[]>) => {
    const query = encodeURIComponent(JSON.stringify(filters));
    const { json } = await ask('GET', `/containers/json?all=1&filters=${query}`);
    return (json as unknown as { Id: string }[]).map(({ Id }) => Id).reverse();
  };
  for (let tries = 0; (await found({ health: ['healthy'] })).length === 0 && tries < 100; tries++)
    await new Promise(again => setTimeout(again, 100));
  const cases: [Record<string, string[]>, string[]][] = [
    [{}, [first, runs, ended]],
    [{ ancestor: ['busybox'] }, [first, runs, ended]],
    [{ ancestor: [image] }, [first, runs, ended]],
    [{ ancestor: ['nosuch'] }, []],
    [{ before: ['runs'] }, [first]],
    [{ since: ['runs'] }, [ended]],
    [{ exited: ['7'] }, [ended]],
    [{ exited: ['0'] }, []],
    [{ status: ['running'] }, [runs]],
    [{ status: ['created', 'exited'] }, [first, ended]],
    [{ status: ['paused'] }, []],
    [{ health: ['healthy'] }, [runs]],
    [{ health: ['none'] }, [first, ended]],
    [{ id: [runs.slice(0, 12)] }, [runs]],
    [{ name: ['^/ru'] }, [runs]],
    [{ name: ['e'] }, [ended]],
    [{ label: ['team=a'] }, [runs]],
    [{ label: ['tier'] }, [runs]],
    [{ label: ['team=a', 'team=b'] }, []],
    [{ network: ['sea'] }, [runs]],
    [{ network: ['none'] }, [ended]],
    [{ volume: ['hold'] }, [runs]],
    [{ volume: ['/hold'] }, [runs]],
    [{ publish: [published] }, [runs]],
    [{ publish: ['1-65535'] }, [runs]],
    [{ publish: [`${published}/udp`] }, []],
    [{ expose: ['90/tcp'] }, [runs]],
    [{ expose: ['1-100'] }, [runs]],
    [{ 'is-task': ['true'] }, []],
    [{ 'is-task': ['false'] }, [first, runs, ended]],
    [{ name: ['first'], status: ['running'] }, []],
  ];
  for (const [filters, ids] of cases) {
    await t.test(JSON.stringify(filters), async () => assert.deepEqual(await found(filters), ids));
  }
  await t.test('a filter in the old form, a map of flags', async () => {
    const query = encodeURIComponent('{"status":{"running":true}}');
    const { json } = await ask('GET', `/v1.24/containers/json?filters=${query}`);
    assert.equal((json as unknown as unknown[]).length, 1);
  });
  assert.deepEqual(daemon.proxy.breaches, []);
});

type Json = Record<string, unknown>;

function asker({ proxied }: DaemonOfOwn) {
  return (method: string, path: string) =>
    new Promise<{ status: number; type: string; json: Json }>((answered, failed) => {
      const asked = request({ socketPath: proxied, method, path }, incoming => {
        incoming.toArray().then((chunks: Buffer[]) => {
          const text = Buffer.concat(chunks).toString();
          const type = incoming.headers['content-type'] ?? '';
          const json = type.startsWith('application/json') ? (JSON.parse(text) as Json) : {};
          answered({ status: incoming.statusCode ?? 0, type, json });
        }, failed);
      });
      asked.once('error', failed);
      asked.end();
    });
}
