import assert from 'node:assert/strict';
import { get } from 'node:http';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { type DaemonOfOwn, daemonOfOwn } from '../support/daemon-of-own.ts';
import { noEngine } from '../support/root-of-own.ts';

const image = 'localhost/busybox:latest';
const server = ['sh', '-c', 'mkdir /www; echo served > /www/index.html; httpd -f -p 80 -h /www'];

describe('testcontainers', { skip: noEngine }, () => {
  let daemon: DaemonOfOwn;
  let library: typeof import('testcontainers');
  before(async () => {
    daemon = await daemonOfOwn();
    await daemon.plimsoll('tag', 'busybox', image);
    Object.assign(process.env, {
      DOCKER_HOST: `unix://${daemon.proxied}`,
      TESTCONTAINERS_RYUK_DISABLED: 'true', // it is an image that is to be pulled
      TESTCONTAINERS_REUSE_ENABLE: 'true',
    });
    library = await import('testcontainers'); // reads the environment
  });
  after(async () => {
    const left = await daemon.plimsoll('ps', '-aq');
    await daemon[Symbol.asyncDispose]();
    assert.equal(left.stdout, '');
    assert.deepEqual(daemon.proxy.breaches, []);
  });

  const generic = () => new library.GenericContainer(image);

  test('waits for a line of the log', async () => {
    await using container = await generic()
      .withCommand(['sh', '-c', 'sleep 0.5; echo ready 1; echo ready 2; sleep 1000'])
      .withWaitStrategy(library.Wait.forLogMessage(/ready \d/, 2))
      .start();
    const { output, stderr, exitCode } = await container.exec(['sh', '-c', 'echo out; echo err >&2; exit 3']);
    assert.deepEqual(
      { exitCode, stderr, output: output.includes('out\n') },
      { exitCode: 3, stderr: 'err\n', output: true },
    );
  });

  test('waits for a port that listens, on a port of the host that the engine chose', async () => {
    await using container = await generic().withCommand(server).withExposedPorts(80).start();
    const { port, host } = { port: container.getMappedPort(80), host: container.getHost() };
    const body = await new Promise<string>((resolve, reject) => {
      get({ host, port, path: '/', agent: false }, answer => void text(answer).then(resolve, reject)).on(
        'error',
        reject,
      );
    });
    assert.equal(body, 'served\n');
  });

  test('waits for an answer over HTTP', async () => {
    await using _container = await generic()
      .withCommand(server)
      .withExposedPorts(80)
      .withWaitStrategy(library.Wait.forHttp('/index.html', 80).forStatusCode(200))
      .start();
  });

  test('waits for a health check, and fails where it fails', async () => {
    const check = { interval: 200, timeout: 1000, retries: 2, startPeriod: 0 };
    await using _container = await generic()
      .withCommand(['sh', '-c', 'sleep 0.3; touch /tmp/up; sleep 1000'])
      .withHealthCheck({ test: ['CMD-SHELL', 'test -e /tmp/up'], ...check, retries: 20 })
      .withWaitStrategy(library.Wait.forHealthCheck())
      .start();
    await assert.rejects(
      generic()
        .withCommand(['sleep', '1000'])
        .withHealthCheck({ test: ['CMD-SHELL', 'false'], ...check })
        .withWaitStrategy(library.Wait.forHealthCheck())
        .start(),
      /health/i,
    );
  });

  test('waits for one that ends by itself, and for a command in it', async () => {
    await using _once = await generic()
      .withCommand(['true'])
      .withWaitStrategy(library.Wait.forOneShotStartup())
      .start();
    await using _told = await generic()
      .withCommand(['sh', '-c', 'sleep 0.3; touch /tmp/up; sleep 1000'])
      .withWaitStrategy(library.Wait.forSuccessfulCommand('test -e /tmp/up'))
      .start();
  });

  test('uses the same container again', async () => {
    const start = () =>
      generic().withCommand(['sleep', '1000']).withLabels({ used: 'again' }).withReuse().start();
    const first = await start();
    const second = await start();
    assert.equal(second.getId(), first.getId());
    await first.stop();
    const third = await start();
    await third.stop();
  });

  test('files, networks with names, volumes in memory, a restart, and its log', async () => {
    await using network = await new library.Network().start();
    await using web = await generic()
      .withCommand(server)
      .withNetwork(network)
      .withNetworkAliases('web')
      .withExposedPorts(80)
      .start();
    await using container = await generic()
      .withCommand(['sh', '-c', 'cat /etc/greeting; sleep 1000'])
      .withCopyContentToContainer([{ content: 'hello\n', target: '/etc/greeting' }])
      .withEnvironment({ WHO: 'me' })
      .withTmpFs({ '/memory': 'rw' })
      .withNetwork(network)
      .withWaitStrategy(library.Wait.forLogMessage('hello'))
      .start();
    assert.equal((await container.exec(['wget', '-qO-', 'http://web/'])).output, 'served\n');
    assert.equal(
      (await container.exec(['sh', '-c', 'echo $WHO; grep -c " /memory tmpfs" /proc/mounts'])).output,
      'me\n1\n',
    );
    await container.copyContentToContainer([{ content: 'later', target: '/tmp/later' }]);
    const archive = await container.copyArchiveFromContainer('/tmp/later');
    assert.match(await text(archive), /later/);
    await container.restart();
    await web.stop();
  });

  test('builds an image', async () => {
    const context = `${import.meta.dirname}/../fixtures/docker-api/testcontainers`;
    const built = await library.GenericContainer.fromDockerfile(context)
      .withBuildArgs({ WHO: 'argument' })
      .build('localhost/built:1', { deleteOnExit: false });
    await using container = await built
      .withWaitStrategy(library.Wait.forLogMessage('hello argument'))
      .start();
    assert.equal((await container.exec(['cat', '/who'])).output, 'argument\n');
  });
});
