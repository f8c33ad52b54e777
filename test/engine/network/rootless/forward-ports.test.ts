import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { identify } from '../../../../src/engine/kernel/index.ts';
import { askForwarder } from '../../../../src/engine/network/rootless/ask-forwarder.ts';
import { createPortForwarder, type Forward } from '../../../../src/engine/network/rootless/forward-ports.ts';
import { createPublishedPorts } from '../../../../src/engine/network/rootless/published-ports.ts';
import { serveForwards } from '../../../../src/engine/network/rootless/serve-forwards.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root: it moves to a network namespace';
const own = '/proc/self/ns/net';
const here = '127.0.0.1';

test('a port forwarder hands TCP on, each way to its end', { skip }, async t => {
  const server = createServer({ allowHalfOpen: true }, socket => {
    let heard = 0;
    socket.on('data', chunk => {
      heard += chunk.length;
    });
    socket.on('end', () => socket.end(`${heard} bytes`));
  }).listen(0, here);
  await once(server, 'listening');
  t.after(() => server.close());
  const hostPort = await freePort();
  const { port } = server.address() as AddressInfo;
  await using _open = await opened([{ protocol: 'tcp', hostAddress: here, hostPort, address: here, port }]);
  const client = connect({ host: here, port: hostPort, allowHalfOpen: true });
  client.end(Buffer.alloc(1_000_000));
  let answer = '';
  for await (const chunk of client) answer += chunk;
  assert.equal(answer, '1000000 bytes');
});

test('a port forwarder carries many streams at once, each whole, also beside one that nobody reads', {
  skip,
}, async t => {
  const server = createServer({ allowHalfOpen: true }, socket => socket.on('error', () => {}).pipe(socket));
  await once(server.listen(0, here), 'listening');
  t.after(() => server.close());
  const hostPort = await freePort();
  const { port } = server.address() as AddressInfo;
  await using _open = await opened([{ protocol: 'tcp', hostAddress: here, hostPort, address: here, port }]);
  const dial = () => connect({ host: here, port: hostPort, allowHalfOpen: true }).on('error', () => {});
  const deaf = dial();
  deaf.write(randomBytes(32 * 1024 * 1024)); // more than all buffers on the way hold
  await Promise.all(
    Array.from({ length: 60 }, async (_, i) => {
      const client = dial();
      const sent = randomBytes(1 + i * 20_000);
      for (let at = 0; at < sent.length; at += 1 + i * 997) client.write(sent.subarray(at, at + 1 + i * 997));
      client.end();
      assert.ok(sent.equals(await buffer(client)), `stream ${i}`);
    }),
  );
  let got = 0;
  deaf.on('data', chunk => {
    got += chunk.length;
  });
  deaf.end();
  await once(deaf, 'end');
  assert.equal(got, 32 * 1024 * 1024);
});

test('a port forwarder brings each client of UDP its own answers', { skip }, async t => {
  const server = createSocket('udp4');
  server.on('message', (data, from) => server.send(`aye ${data}`, from.port, from.address));
  server.bind(0, here);
  await once(server, 'listening');
  t.after(() => server.close());
  const hostPort = await freePort();
  await using _open = await opened([
    { protocol: 'udp', hostAddress: here, hostPort, address: here, port: server.address().port },
  ]);
  for (const name of ['one', 'two']) {
    const client = createSocket('udp4');
    client.send(name, hostPort, here);
    const [data] = (await once(client, 'message')) as [Buffer];
    assert.equal(data.toString(), `aye ${name}`);
    client.close();
  }
});

test('a port forwarder fails for a port that is in use', { skip }, async t => {
  const server = createServer().listen(0, here);
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const forward = { protocol: 'tcp', hostAddress: here, hostPort: port, address: here, port } as const;
  const forwarder = await createPortForwarder(own);
  const free = { ...forward, hostPort: await freePort() };
  await assert.rejects(forwarder.set('one', [free, forward]), { code: 'EADDRINUSE' });
  assert.ok(forwarder.isIdle(), 'all of them, or none');
  await forwarder.set('one', [free]);
  await forwarder.set('one', []);
});

test('a port forwarder closes ports of one container alone, and breaks its connections', {
  skip,
}, async t => {
  const server = createServer(socket => socket.on('error', () => {}).write('aye')).listen(0, here);
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const forwarder = await createPortForwarder(own);
  const dial = async (container: string) => {
    const hostPort = await freePort();
    await forwarder.set(container, [{ protocol: 'tcp', hostAddress: here, hostPort, address: here, port }]);
    const client = connect(hostPort, here);
    await once(client, 'data');
    return { client, hostPort };
  };
  const [one, two] = [await dial('one'), await dial('two')];
  const broken = once(one.client, 'error');
  await forwarder.set('one', []);
  assert.equal((await broken)[0].code, 'ECONNRESET');
  await assert.rejects(once(connect(one.hostPort, here), 'connect'), { code: 'ECONNREFUSED' });
  const again = connect(two.hostPort, here);
  await once(again, 'data');
  again.destroy();
  const closed = once(two.client, 'error');
  await forwarder.set('two', []);
  await closed;
});

test('a port forwarder listens on an address of IPv6 for a container that has none', {
  skip: skip || noIpv6(),
}, async t => {
  const server = createServer(socket => socket.on('error', () => {}).end('aye')).listen(0, here);
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const hostPort = await freePort();
  await using _open = await opened([{ protocol: 'tcp', hostAddress: '::1', hostPort, address: here, port }]);
  assert.equal(await text(connect(hostPort, '::1')), 'aye');
  await assert.rejects(once(connect(hostPort, here), 'connect'), { code: 'ECONNREFUSED' });
});

test('a port forwarder leads clients of IPv4 to a container that has IPv6 alone, of TCP and UDP', {
  skip: skip || noIpv6(),
}, async t => {
  const server = createServer(socket => socket.on('error', () => {}).end('aye')).listen(0, '::1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const echo = createSocket('udp6').on('message', (data, from) => echo.send(data, from.port, from.address));
  echo.bind(0, '::1');
  await once(echo, 'listening');
  t.after(() => echo.close());
  const [tcp, udp] = [await freePort(), await freePort()];
  const to = { hostAddress: here, address: '::1' };
  await using _open = await opened([
    { protocol: 'tcp', hostPort: tcp, port, ...to },
    { protocol: 'udp', hostPort: udp, port: echo.address().port, ...to },
  ]);
  assert.equal(await text(connect(tcp, here)), 'aye');
  const client = createSocket('udp4');
  t.after(() => client.close());
  client.send('anybody there', udp, here);
  const [answer] = await once(client, 'message');
  assert.equal(String(answer), 'anybody there');
});

test('the process that forwards is asked by a socket, and leaves when nothing is open', {
  skip,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'plt-'));
  const work = process.cwd();
  const ask = async (request: object) => {
    const socket = connect({ path: join(folder, 'ports.socket'), allowHalfOpen: true });
    socket.end(JSON.stringify(request));
    return await text(socket);
  };
  try {
    let served: Promise<void> | undefined;
    await new Promise<void>(isUp => {
      served = serveForwards(folder, own, { isUp, lingerMs: 5000 });
    });
    const forward = {
      protocol: 'tcp',
      hostAddress: here,
      hostPort: await freePort(),
      address: here,
      port: 9,
    };
    assert.equal(await ask({ container: 'one', forwards: [forward] }), 'ready');
    assert.equal(await ask({ container: 'two', forwards: [forward] }), 'EADDRINUSE');
    await sleep(6000);
    assert.equal(await ask({ container: 'one', forwards: [] }), 'ready');
    await served;
    assert.ok(!existsSync(join(folder, 'ports.socket')));
  } finally {
    process.chdir(work);
    rmSync(folder, { recursive: true });
  }
});

test('one that leaves does not take the socket of its successor along', { skip }, async () => {
  await inFolder(async folder => {
    const first = await serving(folder, 300);
    const second = await serving(folder, 5000);
    await first.gone;
    const place = { folder, namespace: own };
    assert.equal(await askForwarder(place, { container: 'one', forwards: [] }), 'ready');
    await second.gone;
  });
});

test('ports are closed that were opened by a plimsoll that was killed before it could write so down', {
  skip,
}, async () => {
  await inFolder(async folder => {
    const server = await serving(folder, 300);
    const place = { folder, namespace: own };
    const hostPort = await freePort();
    const forward = { protocol: 'tcp', hostAddress: here, hostPort, address: here, port: 9 } as const;
    assert.equal(await askForwarder(place, { container: 'root/one', forwards: [forward] }), 'ready');
    mkdirSync(join(folder, 'ports'));
    writeFileSync(join(folder, 'ports/one'), ''); // as far as it had come
    const root = { id: 'root', dataDir: folder, runDir: folder, rootless: false };
    await createPublishedPorts(root, [], place).closeOthers(() => []);
    await assert.rejects(once(connect(hostPort, here), 'connect'), { code: 'ECONNREFUSED' });
    assert.deepEqual(readdirSync(join(folder, 'ports')), []);
    await server.gone;
  });
});

test('ports are not opened again for a container that leaves while they are looked at', {
  skip: skip || noIpv6(),
}, async () => {
  await inFolder(async folder => {
    const server = await serving(folder, 5000);
    const place = { folder, namespace: own };
    const { pid, startTime } = identify(process.pid) ?? { pid: 0, startTime: 0 };
    writeFileSync(join(folder, 'ports.pid'), `${pid} ${startTime} ${statSync(own).ino}\n`);
    const hostPort = await freePort();
    const ports = [{ protocol: 'tcp', hostAddress: '::1', hostPort, containerPort: 9 } as const];
    const booking = { container: 'one', network: 'bridge', address: here, mac: '', interface: 'eth0', ports };
    const root = { id: 'root', dataDir: folder, runDir: folder, rootless: false };
    const published = createPublishedPorts(root, [], place);
    let looks = 0;
    await published.reopen(() => (looks++ === 0 ? [booking] : []));
    await assert.rejects(once(connect(hostPort, '::1'), 'connect'), { code: 'ECONNREFUSED' });
    await published.reopen(() => [booking]);
    // Nobody is behind it: the connection may be broken before it is seen to be there, or at once afterwards.
    const client = connect(hostPort, '::1').on('error', () => {});
    await once(client, 'connect').catch(({ code }) => assert.equal(code, 'ECONNRESET'));
    await published.close('one');
    await server.gone;
  });
});

async function inFolder(action: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'plt-'));
  const work = process.cwd();
  try {
    await action(folder);
  } finally {
    process.chdir(work);
    rmSync(folder, { recursive: true });
  }
}

async function serving(folder: string, lingerMs: number): Promise<{ readonly gone: Promise<void> }> {
  let gone = Promise.resolve();
  await new Promise<void>(isUp => {
    gone = serveForwards(folder, own, { isUp, lingerMs });
  });
  return { gone };
}

async function opened(forwards: readonly Forward[]): Promise<AsyncDisposable> {
  const forwarder = await createPortForwarder(own);
  await forwarder.set('one', forwards);
  return { [Symbol.asyncDispose]: () => forwarder.set('one', []) };
}

function noIpv6(): string | false {
  return existsSync('/proc/net/if_inet6') ? false : 'needs IPv6';
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, here);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
