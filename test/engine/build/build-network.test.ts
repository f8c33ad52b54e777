import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { isPlimsollError } from '../../../src/errors.ts';
import { cannotRunContainers } from '../../support/busybox-rootfs.ts';
import { isPrivate, runPrivately } from '../../support/private-network.ts';
import { makeYard, read, withBusybox } from './yard.ts';

if (isPrivate) kernelTests();
else runPrivately(import.meta.filename, cannotRunContainers);

function kernelTests(): void {
  test('a RUN step reaches the host over the bridge, and leaves no namespace', async () => {
    await using yard = await withBusybox(makeYard({ bridge: true }));
    const server = createServer((_, response) => response.end('hello from the host')).listen(0, '0.0.0.0');
    try {
      await new Promise(resolve => server.once('listening', resolve));
      const { port } = server.address() as AddressInfo;
      const gateway = '$(/bin/busybox route -n | /bin/busybox awk \'$1 == "0.0.0.0" {print $2}\')';
      const { image } = await yard.build(
        `FROM busybox\nRUN wget -qO /got http://${gateway}:${port}/ && cat /etc/resolv.conf > /resolver\n`,
        { network: 'bridge' },
      );
      await yard.inside(image, rootfs => {
        assert.equal(read(rootfs, 'got'), 'hello from the host');
        assert.match(read(rootfs, 'resolver'), /^nameserver /);
      });
    } finally {
      server.close();
    }
    assert.equal(execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' }), '');
    assert.deepEqual(yard.leftovers(), []);
  });

  test('RUN --network=none has no way out', async () => {
    await using yard = await withBusybox(makeYard({ bridge: true }));
    const { image } = await yard.build(
      'FROM busybox\nRUN --network=none /bin/busybox ip -o link > /links\n',
      {
        network: 'bridge',
      },
    );
    await yard.inside(image, rootfs => assert.doesNotMatch(read(rootfs, 'links'), /eth0/));
  });

  test('a build that is cancelled or lost leaves no namespace', async () => {
    await using yard = await withBusybox(makeYard({ bridge: true }));
    const abort = new AbortController();
    let steps: string[] = [];
    const running = yard.build('FROM busybox\nRUN echo ready; sleep 1000\n', {
      network: 'bridge',
      signal: abort.signal,
      onProgress: event => {
        if (event.kind !== 'step-output') return;
        steps = yard.builds.runningSteps();
        abort.abort();
      },
    });
    await assert.rejects(running, error => isPlimsollError(error, 'cancelled'));
    assert.match(steps.join(), /^build-[0-9a-f]{12}-1$/);
    assert.equal(execFileSync('ip', ['netns', 'list'], { encoding: 'utf8' }), '');
  });
}
