import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseChallenges } from '../../../src/engine/registry/auth/challenge.ts';
import type { Credential } from '../../../src/engine/registry/auth/credential.ts';
import { dockerConfigPath, writeDockerConfig } from '../../../src/engine/registry/auth/docker-config.ts';
import { credentialFinder } from '../../../src/engine/registry/auth/find-credential.ts';
import { createRegistryClient } from '../../../src/engine/registry/index.ts';
import { isPlimsollError } from '../../../src/errors.ts';
import { mediaTypes, parseReference } from '../../../src/oci/index.ts';
import { type Asked, startFakeRegistry } from '../../support/fake-registry.ts';

const noConfig = { search: ['docker.io'], mirrors: {}, insecure: [] };

test('parseChallenges() reads several challenges, quotes and commas', () => {
  assert.deepEqual(
    parseChallenges(
      'Bearer realm="https://a/t?x=1,2",service="s \\"q\\"",scope="repository:a:pull,push", Basic realm=x',
    ),
    [
      {
        scheme: 'bearer',
        parameters: { realm: 'https://a/t?x=1,2', service: 's "q"', scope: 'repository:a:pull,push' },
      },
      { scheme: 'basic', parameters: { realm: 'x' } },
    ],
  );
  assert.deepEqual(parseChallenges(undefined), []);
  assert.deepEqual(parseChallenges('Negotiate'), [{ scheme: 'negotiate', parameters: {} }]);
});

/** A registry whose token server (the same server) gives out the tokens that `give` says. */
async function withTokens(give: (asked: Asked) => object | number) {
  const registry = await startFakeRegistry();
  const config = registry.addBlob(Buffer.from('{}'), mediaTypes.config);
  registry.addManifest('team/app', '1', {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config,
    layers: [],
  });
  registry.faults.push((asked, answer) => {
    if (asked.path.startsWith('/token')) {
      const answered = give(asked);
      if (typeof answered === 'number') answer.writeHead(answered);
      answer.end(typeof answered === 'number' ? '' : JSON.stringify(answered));
      return true;
    }
    if (asked.headers.authorization === 'Bearer good') return false;
    const realm = `http://${registry.host}/token`;
    answer.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}",service="harbour"` });
    answer.end();
    return true;
  });
  const clientFor = (credential: Credential | undefined, clock = Date.now) =>
    createRegistryClient({ env: {}, config: noConfig, credential: async () => credential, clock });
  return { registry, clientFor, reference: parseReference(`${registry.host}/team/app:1`) };
}

const tokensAsked = (asked: readonly Asked[]) => asked.filter(({ path }) => path.startsWith('/token'));

test('an anonymous token is fetched for the scope, kept, and fetched anew when it is over', async () => {
  const { registry, clientFor, reference } = await withTokens(() => ({ token: 'good', expires_in: 100 }));
  await using _ = registry;
  let now = 0;
  using client = clientFor(undefined, () => now);
  await client.manifest(reference);
  await client.manifest(reference);
  const [asked, ...more] = tokensAsked(registry.asked);
  const query = new URL(asked?.path ?? '', 'http://x').searchParams;
  assert.deepEqual(
    [...query],
    [
      ['service', 'harbour'],
      ['scope', 'repository:team/app:pull'],
    ],
  );
  assert.equal(asked?.headers.authorization, undefined);
  assert.equal(more.length, 0);
  now = 90_000;
  await client.manifest(reference);
  assert.equal(tokensAsked(registry.asked).length, 2);
});

test('a password goes to the token server, never to the registry', async () => {
  const { registry, clientFor, reference } = await withTokens(() => ({ access_token: 'good' }));
  await using _ = registry;
  using client = clientFor({ kind: 'password', username: 'sailor', password: 'p:w' });
  await client.manifest(reference);
  const [asked] = tokensAsked(registry.asked);
  assert.equal(asked?.headers.authorization, `Basic ${Buffer.from('sailor:p:w').toString('base64')}`);
  assert.match(asked?.path ?? '', /account=sailor/);
  const others = registry.asked.filter(({ path }) => !path.startsWith('/token'));
  assert.ok(others.every(({ headers }) => !headers.authorization?.startsWith('Basic')));
});

test('an identity token is exchanged by OAuth 2, a registry token is shown as it is', async () => {
  const { registry, clientFor, reference } = await withTokens(() => ({ access_token: 'good' }));
  await using _ = registry;
  using client = clientFor({ kind: 'identity-token', username: '', token: 'refresh' });
  await client.manifest(reference);
  const [asked] = tokensAsked(registry.asked);
  assert.equal(asked?.method, 'POST');
  assert.deepEqual(Object.fromEntries(new URLSearchParams(asked?.body.toString())), {
    grant_type: 'refresh_token',
    client_id: 'plimsoll',
    refresh_token: 'refresh',
    service: 'harbour',
    scope: 'repository:team/app:pull',
  });
  using shown = clientFor({ kind: 'registry-token', token: 'good' });
  await shown.manifest(reference);
  assert.equal(tokensAsked(registry.asked).length, 1);
});

test('a wrong password is told with the name of its user, and asked for once', async () => {
  const { registry, clientFor, reference } = await withTokens(() => 401);
  await using _ = registry;
  using client = clientFor({ kind: 'password', username: 'sailor', password: 'wrong' });
  await assert.rejects(client.manifest(reference), (error: unknown) => {
    assert.ok(isPlimsollError(error, 'unauthenticated'));
    assert.match(error.message, /does not accept the login of "sailor"/);
    assert.match(error.hint ?? '', /plimsoll login 127\.0\.0\.1/);
    return true;
  });
  assert.equal(tokensAsked(registry.asked).length, 1);
});

test('a token that does not open is not asked for without end', async () => {
  const { registry, clientFor, reference } = await withTokens(() => ({ token: 'weak' }));
  await using _ = registry;
  using client = clientFor(undefined);
  await assert.rejects(client.manifest(reference), error => isPlimsollError(error, 'unauthenticated'));
  assert.equal(tokensAsked(registry.asked).length, 2);
});

/** A home folder with this config, and a finder that looks there. */
function home(config: object, helpers: Readonly<Record<string, string>> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'plt-home-'));
  mkdirSync(join(folder, 'bin'));
  for (const [name, script] of Object.entries(helpers)) {
    writeFileSync(join(folder, 'bin', `docker-credential-${name}`), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, 'bin', `docker-credential-${name}`), 0o755);
  }
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  const env = { HOME: folder, PLIMSOLL_CONFIG: folder };
  return {
    folder,
    env,
    find: credentialFinder(env),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}

const auth = (user: string, password = 'pw') => ({
  auth: Buffer.from(`${user}:${password}`).toString('base64'),
});

test("logins are found in docker's config.json, by any of the ways to write a registry", async () => {
  using place = home({
    auths: {
      'https://index.docker.io/v1/': auth('hub', 'a:b'),
      'https://registry.example/v2/': auth('plain'),
      'registry.example/team': auth('team'),
      'tokens.example': { auth: auth('x').auth, identitytoken: 'id' },
      'shown.example': { registrytoken: 'shown' },
      'empty.example': {},
      'null.example': null,
    },
  });
  const who = async (domain: string, repository?: string) => {
    const found = await place.find(domain, repository);
    return found?.kind === 'password' ? `${found.username}:${found.password}` : found?.kind;
  };
  assert.equal(await who('docker.io', 'library/busybox'), 'hub:a:b');
  assert.equal(await who('registry.example', 'other/app'), 'plain:pw');
  assert.equal(await who('registry.example', 'team/app'), 'team:pw');
  assert.equal(await who('registry.example', 'teamwork/app'), 'plain:pw');
  assert.equal(await who('tokens.example'), 'identity-token');
  assert.equal(await who('shown.example'), 'registry-token');
  for (const domain of ['empty.example', 'null.example', 'nobody.example'])
    assert.equal(await who(domain), undefined);
});

test('credential helpers are asked as docker asks them, and their failure is one sentence', async () => {
  const answer = `read url; [ "$1" = get ] && echo "{\\"ServerURL\\":\\"$url\\",\\"Username\\":\\"u-$url\\",\\"Secret\\":\\"s\\"}"`;
  const helpers = {
    works: answer,
    token: 'echo \'{"Username":"<token>","Secret":"id"}\'',
    empty: 'echo "credentials not found in native keychain"; exit 1',
    breaks: 'echo "the safe is locked"; exit 1',
  };
  const path = process.env.PATH;
  using place = home(
    {
      credsStore: 'works',
      credHelpers: {
        'a.example': 'token',
        'b.example': 'empty',
        'c.example': 'breaks',
        'd.example': 'absent',
        'e.example': '../x',
      },
      auths: { 'b.example': auth('file') },
    },
    helpers,
  );
  process.env.PATH = `${join(place.folder, 'bin')}:${path}`;
  try {
    assert.deepEqual(await place.find('docker.io'), {
      kind: 'password',
      username: 'u-https://index.docker.io/v1/',
      password: 's',
    });
    assert.equal((await place.find('a.example'))?.kind, 'identity-token');
    assert.deepEqual(await place.find('b.example'), { kind: 'password', username: 'file', password: 'pw' });
    await assert.rejects(place.find('c.example'), /"docker-credential-breaks" failed: the safe is locked/);
    await assert.rejects(place.find('d.example'), /"docker-credential-absent" is not installed/);
    await assert.rejects(place.find('e.example'), /"docker-credential-\.\.\/x" is not installed/);
  } finally {
    process.env.PATH = path;
  }
});

test('a damaged config.json is named; what it holds beside logins survives being written', async () => {
  using place = home({});
  const file = dockerConfigPath(place.env);
  writeFileSync(file, '{ not json');
  await assert.rejects(
    credentialFinder(place.env)('docker.io'),
    error => isPlimsollError(error, 'invalid-argument') && error.message.includes(file),
  );
  writeDockerConfig(file, { auths: { 'a.example': auth('a') }, ...{ detachKeys: 'ctrl-x' } });
  const written = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  assert.equal(written.detachKeys, 'ctrl-x');
});
