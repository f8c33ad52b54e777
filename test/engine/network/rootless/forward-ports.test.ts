import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { test } from 'node:test';
import { forwardPorts } from '../../../../src/engine/network/rootless/forward-ports.ts';

const skip = process.getuid?.() === 0 ? false : 'needs root: it moves to a network namespace';
const own = '/proc/self/ns/net';
const here = '127.0.0.1';

test('forwardPorts() hands TCP on, each way to its end', { skip }, async t => {
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
  using _open = await forwardPorts(own, [
    { protocol: 'tcp', hostAddress: here, hostPort, address: here, port },
  ]);
  const client = connect({ host: here, port: hostPort, allowHalfOpen: true });
  client.end(Buffer.alloc(1_000_000));
  let answer = '';
  for await (const chunk of client) answer += chunk;
  assert.equal(answer, '1000000 bytes');
});

test('forwardPorts() brings each client of UDP its own answers', { skip }, async t => {
  const server = createSocket('udp4');
  server.on('message', (data, from) => server.send(`aye ${data}`, from.port, from.address));
  server.bind(0, here);
  await once(server, 'listening');
  t.after(() => server.close());
  const hostPort = await freePort();
  using _open = await forwardPorts(own, [
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

test('forwardPorts() fails for a port that is in use', { skip }, async t => {
  const server = createServer().listen(0, here);
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const forward = { protocol: 'tcp', hostAddress: here, hostPort: port, address: here, port } as const;
  await assert.rejects(forwardPorts(own, [forward]), { code: 'EADDRINUSE' });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, here);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
