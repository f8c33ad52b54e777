import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { commandHint } from '../../../src/engine/build/command-hint.ts';
import { DockerfileError } from '../../../src/engine/build/index.ts';
import { makeYard } from './yard.ts';

/** Below `FROM base AS builder`: what people write, and what they are told to do. */
const mistakes: readonly { readonly line: string; readonly says: string; readonly hint: RegExp }[] = [
  { line: 'RUM make', says: '"RUM" is not an instruction', hint: /^did you mean RUN\?$/ },
  {
    line: 'COPY packge.json /a/',
    says: '"packge.json" is not there',
    hint: /^did you mean "package.json"\?$/,
  },
  { line: 'COPY Package.JSON /a/', says: '"Package.JSON" is not', hint: /^did you mean "package.json"\?$/ },
  { line: 'COPY src/mian.c /a/', says: '"src/mian.c" is not', hint: /^did you mean "src\/main.c"\?$/ },
  { line: 'COPY scr/main.c /a/', says: '"scr/main.c" is not', hint: /^did you mean "src\/main.c"\?$/ },
  { line: 'COPY whatever /a/', says: '"whatever" is not', hint: /^paths are relative to the build context/ },
  {
    line: 'COPY ../secret /a/',
    says: '"../secret" is not',
    hint: /nothing above its context.*--build-context/,
  },
  {
    line: 'COPY src/note.md /a/',
    says: 'left out by',
    hint: /^.dockerignore:2 has "\*\*\/\*.md": let it in with a line "!src\/note.md" below it$/,
  },
  { line: 'COPY --chwon=1 src /a/', says: 'COPY has no flag "--chwon"', hint: /^did you mean --chown/ },
  { line: 'COPY --link=maybe src /a/', says: 'neither true nor false', hint: /write --link or --link=false/ },
  { line: 'COPY --chown src /a/', says: 'needs a value', hint: /write --chown=VALUE/ },
  {
    line: 'COPY --from=bulder /a /b',
    says: 'no image "bulder"',
    hint: /^did you mean the stage "builder"\?$/,
  },
  { line: 'FROM biulder', says: 'no image "biulder"', hint: /^did you mean the stage "builder"\?$/ },
  {
    line: 'FROM base:$VERSION',
    says: 'FROM base:$VERSION is "base:", as VERSION has no value here',
    hint: /ARG VERSION=VALUE before the first FROM, or --build-arg VERSION=VALUE/,
  },
  {
    line: 'COPY $FILE /a/',
    says: 'COPY has an empty source: FILE has no value here',
    hint: /write "ARG FILE" below this FROM too/,
  },
  { line: 'COPY $NONE /a/', says: 'NONE has no value here', hint: /with ARG or ENV above/ },
  { line: 'RUN --mount=type=cahce,target=/c x', says: '"cahce" is no type', hint: /^did you mean cache\?$/ },
  { line: 'RUN --mount=type=cache,tagret=/c x', says: 'tagret', hint: /^did you mean target\?$/ },
  {
    line: 'RUN <<EOF\nmake\nEOFF',
    says: 'the here-document "EOF" has no end',
    hint: /put "EOF" alone on the line/,
  },
  {
    line: 'COPY package.json',
    says: 'needs a source and a destination',
    hint: /write COPY SOURCE... DESTINATION/,
  },
  { line: 'ENV A=1 B', says: 'ENV has "B" without a value', hint: /write B=VALUE/ },
  { line: 'ENV A="1', says: 'a double quote is not closed', hint: /close every quote/ },
];

test('what people get wrong is told with its line, an excerpt, and what to do', {
  skip: process.getuid?.() === 0 ? false : 'needs root',
}, async t => {
  await using yard = makeYard({ fakeRun: () => 0 });
  await yard.makeBase('base', rootfs => {
    writeFileSync(join(rootfs, 'file'), '1');
    mkdirSync(join(rootfs, 'etc'));
  });
  for (const path of ['package.json', 'src/main.c', 'src/note.md', 'dist/x.js']) yard.write(path, 'x');
  yard.write('.dockerignore', 'node_modules\n**/*.md\n');
  for (const { line, says, hint } of mistakes)
    await t.test(line.replaceAll('\n', ' / '), async () => {
      const text = `ARG FILE=package.json\nFROM base AS builder\n${line}\n`;
      const error = await yard.build(text).then(
        () => assert.fail('it was built'),
        (reason: unknown) => reason,
      );
      assert.ok(error instanceof DockerfileError, String(error));
      assert.ok(error.summary.startsWith('Dockerfile:3: ') && error.summary.includes(says), error.summary);
      assert.match(error.excerpt, /^3 \| >>> /m);
      assert.match(error.hint ?? '', hint);
    });
});

test('a Dockerfile that is not there is looked for under the names that such files have', {
  skip: process.getuid?.() === 0 ? false : 'needs root',
}, async () => {
  await using yard = makeYard();
  const hint = async (dockerfile: string) => {
    const error = await yard.builds
      .build({ context: yard.context, dockerfile: join(yard.context, dockerfile) })
      .then(
        () => assert.fail('it was built'),
        (reason: { hint?: string }) => reason,
      );
    return error.hint?.replaceAll(yard.context, '.');
  };
  yard.write('f', 'no Dockerfile');
  assert.equal(await hint('Dockerfile'), 'put one into ".", or name another file with --file');
  yard.write('Containerfile', 'FROM scratch\nLABEL of=Containerfile');
  const ofDefault = async () => {
    const { image } = await yard.builds.build({ context: yard.context });
    return yard.images.get(image)?.config.config?.Labels?.of;
  };
  assert.equal(await ofDefault(), 'Containerfile', 'as Buildah does');
  assert.equal(await hint('Dockerfile'), 'did you mean --file ./Containerfile?');
  yard.write('Dockerfile.dev', 'FROM scratch');
  assert.equal(await hint('Dockerfle.dev'), 'did you mean --file ./Dockerfile.dev?');
  yard.write('dockerfile', 'FROM scratch\nLABEL of=dockerfile');
  assert.equal(await ofDefault(), 'dockerfile', 'as docker does');
  assert.equal(await hint('Dockerfile'), 'did you mean --file ./dockerfile?');
  assert.equal(await hint('../Dockerfile'), 'did you mean --file ./dockerfile?', 'it is in the context');
});

test('what to do about a command that failed follows from its exit code and what it wrote', () => {
  const shell = (command: string, exitCode: number, output: string) =>
    commandHint({ args: ['/bin/sh', '-c', command], exitCode, output });
  assert.match(shell('x', 127, 'begin\n/bin/sh: pyhton: not found'), /^"pyhton" is not in the image/);
  assert.match(shell('x', 127, '/bin/bash: line 1: node-gyp: command not found'), /^"node-gyp" is not in/);
  assert.match(shell('x', 127, 'who knows'), /^a command of it is not in the image/);
  assert.match(shell('x', 126, ''), /COPY --chmod=755/);
  assert.match(shell('x', 137, 'Killed'), /memory ran out/);
  assert.match(shell('["echo", "a]', 2, 'syntax error'), /no list of JSON/);
  assert.match(shell("['echo', 'a']", 127, ''), /no list of JSON/);
  assert.equal(shell('[ "$A" = b ]', 1, ''), 'the command wrote nothing');
  assert.match(shell('x', 1, 'write: No space left on device'), /free some space/);
  assert.match(shell('x', 1, 'error'), /its last lines of output say why/);
  assert.equal(shell('x', 1, ''), 'the command wrote nothing');
});
