import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import Docker from 'dockerode';
import { type DaemonOfOwn, daemonOfOwn } from '../support/daemon-of-own.ts';
import { tarOf } from '../support/layer-root.ts';
import { noRegistry, startRegistry } from '../support/real-registry.ts';
import { noEngine } from '../support/root-of-own.ts';

const Image = 'busybox';

describe('dockerode', { skip: noEngine }, () => {
  let daemon: DaemonOfOwn;
  let docker: Docker;
  before(async () => {
    daemon = await daemonOfOwn();
    docker = new Docker({ socketPath: daemon.proxied });
  });
  after(async () => {
    await daemon[Symbol.asyncDispose]();
    assert.deepEqual(daemon.proxy.breaches, []);
  });

  /** A container that runs until it is removed at the end of the test. */
  const running = async (Cmd: string[], options: Docker.ContainerCreateOptions = {}) => {
    const container = await docker.createContainer({ Image, Cmd, ...options });
    await container.start();
    return Object.assign(container, {
      [Symbol.asyncDispose]: async () => void (await container.remove({ force: true, v: true })),
    });
  };

  /** What came on either stream of a multiplexed one, once it has ended. */
  const apart = async (stream: NodeJS.ReadableStream) => {
    const [out, err] = [new PassThrough(), new PassThrough()];
    docker.modem.demuxStream(stream, out, err);
    stream.on('end', () => {
      out.end();
      err.end();
    });
    const [stdout, stderr] = await Promise.all([text(out), text(err)]);
    return { stdout, stderr };
  };

  test('run passes the output and the exit code of one that ends and removes itself at once', async () => {
    const [out, err] = [new PassThrough(), new PassThrough()];
    const said = Promise.all([text(out), text(err)]);
    const cmd = ['sh', '-c', 'echo out; echo err >&2; exit 7'];
    const [{ StatusCode }] = (await docker.run(Image, cmd, [out, err], {
      Tty: false,
      HostConfig: { AutoRemove: true },
    })) as [{ StatusCode: number }];
    out.end();
    err.end();
    assert.equal(StatusCode, 7);
    assert.deepEqual(await said, ['out\n', 'err\n']);
  });

  test('a container is made, listed, renamed, stopped, waited for, and removed', async () => {
    const container = await docker.createContainer({ Image, name: 'first', Cmd: ['sleep', '1000'] });
    assert.equal((await container.inspect()).State.Status, 'created');
    await container.start();
    await assert.rejects(container.start(), { statusCode: 304 });
    await container.rename({ name: 'second' });
    const [listed] = await docker.listContainers({ filters: { name: ['second'] } });
    assert.equal(listed?.Id, container.id);
    // Right after a start the runtime's process may not have become the command yet.
    const processes = async () => (await container.top()).Processes.flat().join(' ');
    while (!/sleep 1000$/.test(await processes()));
    const ended = container.wait();
    await container.stop({ t: 0 });
    assert.equal((await ended).StatusCode, 137);
    await container.remove();
    await assert.rejects(container.inspect(), { statusCode: 404 });
  });

  test('attach feeds the input to its end, and parts the two streams', async () => {
    const container = await docker.createContainer({
      Image,
      Cmd: ['sh', '-c', 'wc -c; echo over >&2'],
      OpenStdin: true,
      StdinOnce: true,
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
    });
    const stream = await container.attach({
      stream: true,
      hijack: true,
      stdin: true,
      stdout: true,
      stderr: true,
    });
    const said = apart(stream);
    await container.start();
    stream.end('0123456789'.repeat(20_000));
    assert.deepEqual(await said, { stdout: '200000\n', stderr: 'over\n' });
    await container.remove({ force: true });
  });

  test('logs are followed to the end of the container', async () => {
    await using container = await running(['sh', '-c', 'for i in 1 2 3; do echo $i; sleep 0.3; done']);
    const stream = await container.logs({ follow: true, stdout: true, stderr: true });
    assert.deepEqual(await apart(stream), { stdout: '1\n2\n3\n', stderr: '' });
    const whole = await container.logs({ stdout: true, tail: 1 });
    assert.match(whole.toString('latin1'), /3\n$/);
    const LogConfig = { Type: 'json-file', Config: { env: 'STAGE', tag: '{{.ImageName}}' } };
    await using detailed = await running(['echo', 'said'], { Env: ['STAGE=a b'], HostConfig: { LogConfig } });
    await detailed.wait();
    const lines = await detailed.logs({ stdout: true, details: true });
    assert.equal(lines.toString('utf8', 8), 'STAGE=a+b,tag=busybox said\n');
  });

  test('exec: output apart, exit code, and a terminal with its size', async () => {
    await using container = await running(['sleep', '1000']);
    const exec = await container.exec({
      Cmd: ['sh', '-c', 'cat; echo err >&2; exit 3'],
      AttachStdin: true,
      AttachStdout: true,
      AttachStderr: true,
    });
    const stream = await exec.start({ hijack: true, stdin: true });
    const said = apart(stream);
    stream.end('typed\n');
    assert.deepEqual(await said, { stdout: 'typed\n', stderr: 'err\n' });
    assert.equal((await exec.inspect()).ExitCode, 3);

    const shell = await container.exec({
      Cmd: ['sh', '-c', 'while [ "$(stty size 2>/dev/null)" != "30 100" ]; do sleep 0.1; done; echo resized'],
      AttachStdin: true,
      AttachStdout: true,
      Tty: true,
    });
    const terminal = await shell.start({ hijack: true, stdin: true, Tty: true });
    await shell.resize({ h: 30, w: 100 });
    assert.equal(await text(terminal), 'resized\r\n');
  });

  test('files go in and come out as archives', async () => {
    await using container = await running(['sleep', '1000']);
    await container.putArchive(tarOf({ name: 'greeting', content: 'hello' }), { path: '/tmp' });
    const archive = await buffer(await container.getArchive({ path: '/tmp/greeting' }));
    assert.equal(archive.toString('latin1', 512, 517), 'hello');
    const changes = (await container.changes()) as { Path: string; Kind: number }[];
    assert.ok(changes.some(({ Path, Kind }) => Path === '/tmp/greeting' && Kind === 1));
    await assert.rejects(container.getArchive({ path: '/nowhere' }), { statusCode: 404 });
  });

  test('stats: one, and a stream of them', async () => {
    await using container = await running(['sleep', '1000']);
    const once = await container.stats({ stream: false });
    assert.ok(once.memory_stats.usage > 0);
    const stream = (await container.stats({ stream: true })) as Readable;
    let samples = 0;
    let rest = '';
    for await (const chunk of stream) {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const { id } = JSON.parse(line) as { id: string };
        assert.equal(id, container.id);
        samples++;
      }
      if (samples >= 2) break;
    }
    assert.ok(samples >= 2);
  });

  test('events tell what happens, filtered', async () => {
    const stream = (await docker.getEvents({
      filters: { type: ['container'], event: ['start'] },
    })) as Readable;
    const told = once(stream, 'data');
    await using container = await running(['sleep', '1000']);
    const event = JSON.parse(String((await told)[0])) as Record<string, unknown>;
    assert.deepEqual([event.Action, (event.Actor as { ID: string }).ID], ['start', container.id]);
    stream.destroy();
  });

  test('an image is built from a tar, tagged, saved, loaded and removed', async () => {
    const context = tarOf(
      { name: 'Dockerfile', content: 'FROM busybox\nARG WHO\nCOPY file /file\nRUN echo $WHO >> /file\n' },
      { name: 'file', content: 'line\n' },
    );
    const steps = await docker.buildImage(Readable.from([context]), {
      t: 'made:1',
      buildargs: { WHO: 'argument' },
    });
    const messages = await followed(docker, steps);
    assert.match(messages.map(({ stream }) => stream ?? '').join(''), /Successfully tagged made:1/);
    const out = new PassThrough();
    const said = text(out);
    await docker.run('made:1', ['cat', '/file'], out, { HostConfig: { AutoRemove: true } });
    out.end();
    assert.equal(await said, 'line\r\nargument\r\n'); // by default there is a terminal

    const image = docker.getImage('made:1');
    assert.ok((await image.history()).length >= 3);
    await image.tag({ repo: 'made', tag: '2' });
    const archive = await buffer(await docker.getImage('made:2').get());
    await image.remove();
    await docker.getImage('made:2').remove();
    await assert.rejects(image.inspect(), { statusCode: 404 });
    await followed(docker, await docker.loadImage(Readable.from([archive])));
    assert.ok((await docker.listImages()).some(({ RepoTags }) => RepoTags?.includes('made:2')));
    await docker.getImage('made:2').remove();
    const broken = Readable.from([tarOf({ name: 'Dockerfile', content: 'FROM busybox\nRUN exit 9\n' })]);
    const told = await followed(docker, await docker.buildImage(broken, { t: 'broken' }));
    assert.match(told.at(-1)?.error ?? '', /exit 9/);
    const wrong = Readable.from([tarOf({ name: 'Dockerfile', content: 'FORM busybox\n' })]);
    await assert.rejects(docker.buildImage(wrong, { t: 'wrong' }), { statusCode: 400 });
  });

  test('an image is pushed to a registry, and what it has is told without pulling it', {
    skip: noRegistry,
  }, async () => {
    await using registry = await startRegistry();
    const image = docker.getImage(`${registry.host}/team/pushed:1`);
    await docker.getImage(Image).tag({ repo: `${registry.host}/team/pushed`, tag: '1' });
    const messages = await followed(docker, await image.push());
    const { Digest } = messages.at(-1)?.aux ?? {};
    assert.match(Digest ?? '', /^sha256:/);
    const told = (await image.distribution()) as Docker.ImageDistributionInfo;
    assert.equal(told.Descriptor.digest, Digest);
    assert.deepEqual(
      told.Platforms.map(({ os, architecture }) => ({ os, architecture })),
      [{ os: 'linux', architecture: (await docker.getImage(Image).inspect()).Architecture }],
    );
    const list = `${registry.host}/team/listed:1`;
    await daemon.plimsoll('manifest', 'create', list, `${registry.host}/team/pushed:1`);
    await daemon.plimsoll('manifest', 'push', list);
    const listed = (await docker.getImage(list).distribution()) as Docker.ImageDistributionInfo;
    assert.match(listed.Descriptor.mediaType, /index|list/);
    assert.deepEqual(listed.Platforms, told.Platforms);
    await daemon.plimsoll('manifest', 'rm', list);
    await assert.rejects(docker.getImage(`${registry.host}/team/absent:1`).distribution(), {
      statusCode: 404,
    });
    await image.remove();
    await followed(docker, await docker.pull(`${registry.host}/team/pushed:1`));
    await image.remove();
  });

  test('volumes and networks', async () => {
    await docker.createVolume({ Name: 'kept', Labels: { of: 'dockerode' } });
    const network = await docker.createNetwork({ Name: 'shared', Labels: { of: 'dockerode' } });
    const { Volumes } = await docker.listVolumes({ filters: { label: ['of=dockerode'] } });
    assert.deepEqual(
      Volumes.map(({ Name }) => Name),
      ['kept'],
    );
    {
      await using container = await running(['sh', '-c', 'echo content > /v/file; sleep 1000'], {
        HostConfig: { Binds: ['kept:/v'] },
      });
      await network.connect({ Container: container.id, EndpointConfig: { Aliases: ['other'] } });
      const seen = (await network.inspect()) as Docker.NetworkInspectInfo;
      assert.deepEqual(Object.keys(seen.Containers ?? {}), [container.id]);
      await network.disconnect({ Container: container.id, Force: true });
      await assert.rejects(docker.getVolume('kept').remove(), { statusCode: 409 });
    }
    await docker.getVolume('kept').remove();
    await network.remove();
    assert.equal((await docker.listNetworks({ filters: { name: ['shared'] } })).length, 0);
  });

  test('the engine about itself: ping, version, info, disk use, prunes', async () => {
    assert.equal(String(await docker.ping()), 'OK');
    assert.equal((await docker.version()).ApiVersion, '1.51');
    assert.equal(((await docker.info()) as { OSType: string }).OSType, 'linux');
    const df = (await docker.df()) as { Images: unknown[]; LayersSize: number };
    assert.ok(df.Images.length > 0 && df.LayersSize > 0);
    await docker.pruneContainers();
    await docker.pruneVolumes();
    await docker.pruneNetworks();
    assert.deepEqual(await docker.listContainers({ all: true }), []);
  });
});

interface Message {
  readonly error?: string;
  readonly aux?: { readonly Digest: string };
  readonly stream?: string;
}

/** All messages of a build or load; rejects with the error among them. */
function followed(docker: Docker, stream: NodeJS.ReadableStream): Promise<Message[]> {
  return new Promise((resolve, reject) => {
    docker.modem.followProgress(stream, (error: Error | null, messages: Message[]) =>
      error === null ? resolve(messages) : reject(error),
    );
  });
}
