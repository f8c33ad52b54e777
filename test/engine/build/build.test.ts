import assert from 'node:assert/strict';
import { lstatSync, readdirSync, readlinkSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { DockerfileError } from '../../../src/engine/build/index.ts';
import { isPlimsollError } from '../../../src/errors.ts';
import { cannotRunContainers } from '../../support/busybox-rootfs.ts';
import { makeYard, read, withBusybox } from './yard.ts';

describe('a build with a real runtime', { skip: cannotRunContainers }, () => {
  test('dates what comes before its first layer as that layer, and an image without one as its base', async () => {
    await using yard = await withBusybox(makeYard());
    yard.write('file', 'x');
    const { config } = await yard.build('FROM busybox\nENV A=1\nCOPY file /\nLABEL b=c\n');
    const [base, ...own] = (config.history ?? []).map(({ created }) => created);
    assert.equal(base, '2020-01-01T00:00:00.000Z');
    assert.deepEqual(own, [config.created, config.created, config.created]);
    assert.ok(Date.parse(config.created ?? '') > Date.parse(base ?? ''));
    const bare = await yard.build('FROM busybox\nENV A=1\n');
    assert.equal(bare.config.created, base);
  });

  test('goes through stages, arguments, users and folders', async () => {
    await using yard = await withBusybox(makeYard());
    yard.write('src/main.c', 'int main;');
    yard.write('run.sh', '#!/bin/sh\necho hi\n', 0o755);
    const built = await yard.build(
      [
        'ARG BASE=busybox',
        'FROM $BASE AS builder',
        'ARG VERSION=none',
        'WORKDIR /src',
        'COPY src/ .',
        'RUN echo "$VERSION $(cat main.c)" > out && id -u > who',
        'FROM builder AS unused',
        'RUN false',
        'FROM $BASE',
        'COPY --from=builder /src/out /app/out',
        'COPY --chown=sailor --chmod=700 run.sh /app/',
        'USER sailor',
        'WORKDIR /home/sailor/work',
        'RUN id -u > me && pwd >> me',
        'ENTRYPOINT ["/app/run.sh"]',
        'CMD ["x"]',
      ].join('\n'),
      { buildArgs: { VERSION: '7' }, tags: ['app'], labels: { made: 'here' } },
    );
    const { config, history } = built.config;
    assert.deepEqual(config.Entrypoint, ['/app/run.sh']);
    assert.deepEqual(config.Cmd, ['x']);
    assert.deepEqual(config.Labels, { made: 'here' });
    assert.equal(config.User, 'sailor');
    assert.deepEqual(
      history.map(entry => `${entry.empty_layer ? '-' : '+'} ${entry.created_by}`),
      [
        '+ base',
        '+ COPY --from=builder /src/out /app/out',
        '+ COPY --chown=sailor --chmod=700 run.sh /app/',
        '- USER sailor',
        '+ WORKDIR /home/sailor/work',
        '+ RUN /bin/sh -c id -u > me && pwd >> me',
        '- ENTRYPOINT ["/app/run.sh"]',
        '- CMD ["x"]',
      ],
    );
    assert.equal(built.config.rootfs.diff_ids.length, history.filter(entry => !entry.empty_layer).length);
    await yard.inside('app', rootfs => {
      assert.equal(read(rootfs, 'app/out'), '7 int main;\n');
      assert.equal(read(rootfs, 'home/sailor/work/me'), '1000\n/home/sailor/work\n');
      const { mode, uid, gid } = statSync(join(rootfs, 'app/run.sh'));
      assert.deepEqual([mode & 0o7777, uid, gid], [0o700, 1000, 100]);
      assert.equal(statSync(join(rootfs, 'home/sailor/work')).uid, 1000);
    });
    assert.deepEqual(yard.leftovers(), []);
  });

  test('leaves no trace of what it mounts for a step', async () => {
    await using yard = await withBusybox(makeYard());
    const { config } = await yard.build('FROM busybox\nRUN cat /etc/resolv.conf /etc/hosts > /dev/null\n');
    assert.equal(config.rootfs.diff_ids.length, 1, 'a step that changes nothing leaves no layer');
    assert.equal(config.history.at(-1)?.empty_layer, true);
  });

  test('runs here-documents as scripts of the shell, of their own, and as input', async () => {
    await using yard = await withBusybox(makeYard());
    const text = [
      'FROM busybox',
      'ENV NAME=world',
      'RUN <<EOF',
      'echo one > /r1',
      'echo two $NAME >> /r1',
      'EOF',
      'RUN <<EOF',
      '#!/bin/cat',
      'EOF',
      'RUN cat > /r3 <<EOF',
      'three $NAME',
      'EOF',
      'COPY <<EOF <<"RAW" /etc/conf/',
      'four $NAME',
      'EOF',
      'four $NAME',
      'RAW',
    ].join('\n');
    const built = await yard.build(text);
    await yard.inside(built.image, rootfs => {
      assert.equal(read(rootfs, 'r1'), 'one\ntwo world\n');
      assert.equal(read(rootfs, 'r3'), 'three world\n');
      assert.equal(read(rootfs, 'etc/conf/EOF'), 'four world\n');
      assert.equal(read(rootfs, 'etc/conf/RAW'), 'four $NAME\n');
    });
    const output = built.events.flatMap(event => (event.kind === 'step-output' ? [event.text] : [])).join('');
    assert.equal(output, '#!/bin/cat\n');
  });

  test('tells a failing command with its lines, output and exit code, and leaves nothing', async () => {
    await using yard = await withBusybox(makeYard());
    const failing = yard.build('FROM busybox\nRUN echo almost && \\\n    echo there >&2; exit 7\nRUN true\n');
    const error = await failing.then(
      () => assert.fail('it succeeded'),
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof DockerfileError);
    assert.equal(error.data.exitCode, 7);
    assert.equal(
      error.message,
      [
        'Dockerfile:2: the command ended with exit code 7',
        '',
        '1 |     FROM busybox',
        '2 | >>> RUN echo almost && \\',
        '3 | >>>     echo there >&2; exit 7',
        '4 |     RUN true',
        '',
        'almost',
        'there',
      ].join('\n'),
    );
    assert.deepEqual(yard.leftovers(), []);
    assert.equal(yard.builds.list()[0]?.state, 'failed');
  });

  test('cancelled in a RUN leaves no image, mount, layer or process', async () => {
    await using yard = await withBusybox(makeYard());
    const before = yard.db.all('SELECT * FROM layers').length;
    const abort = new AbortController();
    const images = yard.images.size;
    const running = yard.build('FROM busybox\nRUN echo ready; sleep 1000\n', {
      signal: abort.signal,
      onProgress: event => {
        if (event.kind === 'step-output') abort.abort();
      },
    });
    await assert.rejects(running, error => isPlimsollError(error, 'cancelled'));
    assert.deepEqual(yard.leftovers(), []);
    assert.equal(yard.images.size, images);
    assert.equal(yard.db.all('SELECT * FROM layers').length, before);
    assert.equal(yard.builds.list()[0]?.state, 'cancelled');
    assert.deepEqual(readdirSync(join(yard.folder, 'run/runtime')), []);
  });

  test('fails one stage and cancels the other that runs beside it', async () => {
    await using yard = await withBusybox(makeYard());
    const text = [
      'FROM busybox AS slow',
      'RUN sleep 1000',
      'FROM busybox AS wrong',
      'RUN sleep 0.2; exit 3',
      'FROM busybox',
      'COPY --from=slow / /a/',
      'COPY --from=wrong / /b/',
    ].join('\n');
    await assert.rejects(yard.build(text, { jobs: 2 }), {
      summary: 'Dockerfile:4: the command ended with exit code 3',
    });
    assert.deepEqual(yard.leftovers(), []);
  });

  test('says which command is not there, and which user', async () => {
    await using yard = await withBusybox(makeYard());
    await assert.rejects(yard.build('FROM busybox\nRUN ["nope"]\n'), {
      code: 'COMMAND_NOT_FOUND',
      lines: { start: 2, end: 2 },
    });
    await assert.rejects(yard.build('FROM busybox\nUSER nobody-here\nRUN true\n'), {
      code: 'USER_UNKNOWN',
      lines: { start: 3, end: 3 },
    });
  });

  test('runs ONBUILD triggers of a base in the image that is built on it', async () => {
    await using yard = await withBusybox(makeYard());
    yard.write('app', 'x');
    await yard.build('FROM busybox\nONBUILD COPY app /app\nONBUILD RUN cat /app > /copy\n', {
      tags: ['trigger'],
    });
    const { image, config } = await yard.build('FROM trigger\nRUN echo y >> /copy\n');
    assert.equal(config.config.OnBuild, undefined);
    await yard.inside(image, rootfs => assert.equal(read(rootfs, 'copy'), 'xy\n'));
  });

  test('hands proxies to a step without keeping them anywhere', async () => {
    await using yard = await withBusybox(makeYard());
    const text = 'FROM busybox\nRUN test -n "$HTTP_PROXY" && touch /ok\n';
    const built = await yard.build(text, { buildArgs: { HTTP_PROXY: 'http://secret' } });
    assert.doesNotMatch(JSON.stringify(built.config), /secret/);
    const again = await yard.build(text, { buildArgs: { HTTP_PROXY: 'http://other' } });
    assert.deepEqual(new Set(Object.values(again.steps)), new Set(['cached']));
  });

  test('a link of the base that leads to the host is followed inside the image only', async () => {
    await using yard = makeYard();
    await yard.makeBase('evil', rootfs => {
      symlinkSync(yard.folder, join(rootfs, 'out'));
      symlinkSync('../../../../../../../..', join(rootfs, 'up'));
    });
    yard.write('file', 'x');
    const { image } = await yard.build(
      'FROM evil\nCOPY file /out/escaped\nCOPY file /up/top\nWORKDIR /out/folder\n',
    );
    assert.deepEqual(readdirSync(yard.folder).sort(), ['context', 'data', 'run']);
    await yard.inside(image, rootfs => {
      assert.equal(read(rootfs, join(yard.folder, 'escaped')), 'x');
      assert.ok(lstatSync(join(rootfs, yard.folder, 'folder')).isDirectory());
      assert.equal(read(rootfs, 'top'), 'x');
      assert.equal(readlinkSync(join(rootfs, 'out')), yard.folder);
    });
  });
});
