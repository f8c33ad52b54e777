import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { resolveRoot } from '../../src/engine/index.ts';
import { noRegistry, registryUser, startRegistry } from '../support/real-registry.ts';
import { type CliOptions, runPlimsoll } from '../support/run-cli.ts';

/** A home of its own for logins: the process's environment is what the engine reads. */
async function inHome(
  action: (place: { folder: string; plimsoll: typeof runPlimsoll }) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync('/var/tmp/plt-login-');
  const root = resolveRoot({ root: join(folder, 'root'), env: {}, uid: process.getuid?.() ?? 0 });
  const before = process.env.PLIMSOLL_CONFIG;
  process.env.PLIMSOLL_CONFIG = folder;
  const plimsoll = (argv: readonly string[], options: CliOptions = {}) =>
    runPlimsoll(argv, { root, ...options });
  try {
    await action({ folder, plimsoll });
  } finally {
    if (before === undefined) delete process.env.PLIMSOLL_CONFIG;
    else process.env.PLIMSOLL_CONFIG = before;
    rmSync(root.runDir, { recursive: true, force: true });
    rmSync(folder, { recursive: true, force: true });
  }
}

test('login keeps what the registry accepts, and nothing else; logout forgets it', {
  skip: noRegistry,
}, async () => {
  await using registry = await startRegistry({ auth: true, tls: true });
  await inHome(async ({ folder, plimsoll }) => {
    const { username, password } = registryUser;
    const login = (input: string) =>
      plimsoll(
        ['login', '-u', username, '--password-stdin', '--cert-dir', registry.certFolder, registry.host],
        { input },
      );
    const wrong = await login('wrong\n');
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /does not accept the login of "sailor"/);
    assert.deepEqual(await plimsoll(['logout', registry.host]), {
      code: 0,
      stdout: `Not logged in to ${registry.host}\n`,
      stderr: '',
    });
    const right = await login(`${password}\n`);
    assert.deepEqual([right.code, right.stdout], [0, 'Login Succeeded\n']);
    assert.match(right.stderr, /is kept readable in .*config\.json/);
    const file = join(folder, 'config.json');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const kept = JSON.parse(readFileSync(file, 'utf8')) as { auths: Record<string, { auth: string }> };
    assert.equal(
      Buffer.from(kept.auths[registry.host]?.auth ?? '', 'base64').toString(),
      `${username}:${password}`,
    );
    const found = await plimsoll(['search', '--cert-dir', registry.certFolder, `${registry.host}/x`]);
    assert.equal(found.code, 0, found.stderr);
    assert.equal(
      (await plimsoll(['logout', registry.host])).stdout,
      `Removed the login of ${registry.host}\n`,
    );
    assert.equal(JSON.parse(readFileSync(file, 'utf8')).auths[registry.host], undefined);
  });
});

test('login asks nobody where there is no terminal, and refuses what is no registry', async () => {
  await inHome(async ({ plimsoll }) => {
    const alone = await plimsoll(['login', 'registry.example']);
    assert.equal(alone.code, 1);
    assert.match(alone.stderr, /no terminal to ask at\ngive --username and --password-stdin/);
    const bad = await plimsoll(['login', '-u', 'a', '-p', 'b', 'Not A Host']);
    assert.match(bad.stderr, /is not the name of a registry/);
    const both = await plimsoll(['login', '-u', 'a', '-p', 'b', '--password-stdin']);
    assert.match(both.stderr, /exclude one another/);
  });
});
