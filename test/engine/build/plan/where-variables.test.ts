// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are variables of a Dockerfile
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DockerfileError } from '../../../../src/engine/build/dockerfile/index.ts';
import { type BaseImage, type BuildPlan, planBuild } from '../../../../src/engine/build/plan/index.ts';

/**
 * Where variables are put in: BuildKit's `Expand` of each instruction, docs.docker.com/reference/dockerfile
 * ("Environment replacement"), moby/buildkit#2676 (--chmod), #2374 (--from), #6072 (--exclude, which BuildKit leaves as
 * it is, to the surprise of its users).
 */
const cases: readonly {
  /** After `ARG v=word n=640 p=8080 e=` in the stage. */
  readonly line: string;
  /** In the plan or the image's config, as JSON. */
  readonly gives: string;
}[] = [
  { line: 'ENV K$v="a $v" B=${v}s', gives: '"Kword=a word","B=words"' },
  { line: "ENV K='$v' L=\\$v", gives: '"K=$v","L=$v"' },
  { line: 'ENV K one $v', gives: '"K=one word"' },
  { line: 'LABEL $v=$n', gives: '"Labels":{"word":"640"}' },
  { line: 'EXPOSE $p/udp 9$e', gives: '"ExposedPorts":{"8080/udp":{},"9/tcp":{}}' },
  { line: 'VOLUME /$v', gives: '"Volumes":{"/word":{}}' },
  { line: 'VOLUME ["/$v"]', gives: '"Volumes":{"/word":{}}' },
  { line: 'USER $v:$n', gives: '"User":"word:640"' },
  { line: 'WORKDIR /a/$v', gives: '"WorkingDir":"/a/word"' },
  { line: 'STOPSIGNAL ${e:-SIGINT}', gives: '"StopSignal":"SIGINT"' },
  { line: 'ARG w=$v-2\nENV W=$w', gives: '"W=word-2"' },
  { line: 'COPY $v-a /x/$v', gives: '"path":"word-a"' },
  { line: 'COPY $v-a /x/$v', gives: '"destination":"/x/word"' },
  { line: 'COPY ["$v-a", "/x/$v"]', gives: '"path":"word-a"' },
  { line: 'ADD https://$v.test/f /x', gives: '"url":"https://word.test/f"' },
  { line: 'COPY --chown=$v:$n a /x', gives: '"chown":"word:640"' },
  { line: 'COPY --chmod=$n a /x', gives: '"chmod":"640"' },
  { line: 'ADD --chmod=$n a /x', gives: '"chmod":"640"' },
  { line: 'COPY --exclude=*.$v a /x', gives: '"exclude":["*.word"]' },
  { line: 'COPY --parents $v/./a /x', gives: '"path":"word/./a"' },
  {
    line: 'ADD --checksum=sha256:${c} https://a.test/f /x',
    gives: `"checksum":"sha256:${'0'.repeat(64)}"`,
  },
  { line: 'COPY <<END /x\n$v "q" \\$v\nEND', gives: '"content":"word \\"q\\" $v\\n"' },
  { line: 'COPY <<"END" /x\n$v\nEND', gives: '"content":"$v\\n"' },
  { line: 'COPY <<$v.txt /x/\na\n$v.txt', gives: '"name":"$v.txt"' },
  { line: 'RUN --mount=target=/$v,source=s-$v x', gives: '"source":"s-word"' },
  { line: 'RUN --mount=target=/$v,source=s-$v x', gives: '"target":"/word"' },
  { line: 'RUN --mount=type=$t,target=/c,id=i-$v,uid=$n,sharing=${e:-locked} x', gives: '"id":"i-word"' },
  { line: 'RUN --mount=type=$t,target=/c,id=i-$v,uid=$n,sharing=${e:-locked} x', gives: '"uid":640' },
  {
    line: 'RUN --mount=type=$t,target=/c,id=i-$v,uid=$n,sharing=${e:-locked} x',
    gives: '"sharing":"locked"',
  },
  { line: 'RUN --mount=type=tmpfs,target=/c,size=${n}k x', gives: `"sizeBytes":${640 * 1024}` },
  { line: 'RUN --mount=type=secret,id=$v,env=E x', gives: '"id":"word"' },
  // What the shell of the step or of the container puts in, and what nobody does.
  { line: 'RUN echo $v', gives: '"/bin/sh","-c","echo $v"' },
  { line: 'RUN ["echo", "$v"]', gives: '["echo","$v"]' },
  { line: 'RUN <<END\necho $v\nEND', gives: 'echo $v' },
  { line: 'CMD echo $v', gives: '"Cmd":["/bin/sh","-c","echo $v"]' },
  { line: 'CMD ["$v"]', gives: '"Cmd":["$v"]' },
  { line: 'ENTRYPOINT ["$v"]', gives: '"Entrypoint":["$v"]' },
  { line: 'SHELL ["/bin/$v", "-c"]', gives: '"Shell":["/bin/$v","-c"]' },
  { line: 'HEALTHCHECK CMD test $v', gives: '"Test":["CMD-SHELL","test $v"]' },
  { line: 'MAINTAINER $v', gives: '"author":"$v"' },
  { line: 'ONBUILD RUN echo $v', gives: '"OnBuild":["RUN echo $v"]' },
  { line: 'ONBUILD COPY $v /', gives: '"OnBuild":["COPY $v /"]' },
];

test('variables are put in where BuildKit puts them in, and nowhere else', async t => {
  for (const { line, gives } of cases)
    await t.test(`${line.replaceAll('\n', ' / ')} has ${gives}`, () => {
      const json = JSON.stringify(plan(stage(line)));
      assert.ok(json.includes(gives.replaceAll('\n', '\\n')), json);
    });
});

test('FROM knows the arguments before it, in its name and its platform', () => {
  const { steps } = plan('ARG t=2 p=linux/amd64\nFROM --platform=$p base:$t AS a\nFROM a');
  assert.ok(JSON.stringify(steps).includes('"id":"base:2"'));
});

/** Of which BuildKit makes an error too, or a name that no image can have. */
const refused: readonly { readonly line: string; readonly says: RegExp }[] = [
  { line: 'COPY --from=$v a /x', says: /--from.*variable/ },
  { line: 'COPY --from=${v} a /x', says: /--from.*variable/ },
  { line: 'RUN --mount=type=bind,from=$v,target=/x true', says: /from.*variable/ },
  { line: 'COPY --link=$v a /x', says: /--link/ },
  { line: 'COPY --parents=$v a /x', says: /--parents/ },
  { line: 'ADD --unpack=$v a /x', says: /--unpack/ },
  { line: 'ADD --keep-git-dir=$v a /x', says: /--keep-git-dir/ },
  { line: 'RUN --network=$v true', says: /network/ },
  { line: 'RUN --security=$v true', says: /security/ },
  { line: 'HEALTHCHECK --interval=$v CMD true', says: /interval/ },
  { line: 'HEALTHCHECK --retries=$n CMD true', says: /retries/ },
  { line: 'USER root\nFROM base AS $v', says: /"\$v"|stage/ },
  { line: 'STOPSIGNAL $v', says: /"word" is no signal/ },
  { line: 'COPY --chmod=$v a /x', says: /word/ },
  { line: 'WORKDIR /a\nCOPY $e /x', says: /empty source/ },
];

test('a variable where none can be is an error that says so', async t => {
  for (const { line, says } of refused)
    await t.test(line.replaceAll('\n', ' / '), () => {
      assert.throws(
        () => plan(stage(line)),
        (error: unknown) => {
          assert.ok(error instanceof DockerfileError, String(error));
          assert.match(error.message, says);
          assert.ok((error.hint ?? '').length > 10);
          return true;
        },
      );
    });
});

function stage(line: string): string {
  return `FROM base\nARG v=word n=640 p=8080 e= t=cache c=${'0'.repeat(64)}\n${line}\n`;
}

const amd64 = { os: 'linux', architecture: 'amd64' };

/** The plan, with the whole of the image's config; every image that it asks for is there. */
function plan(text: string): BuildPlan {
  const bases = new Map<string, BaseImage>();
  for (;;) {
    const result = planBuild({
      ...{ source: { file: 'Dockerfile', text }, buildArgs: {}, labels: {}, network: 'bridge', hosts: [] },
      platforms: { build: amd64, target: amd64, runnable: ['linux/amd64'] },
      ...{ allow: new Set(), secrets: new Set(['word']), ssh: new Set(), contexts: new Map() },
      ...{ noCacheStages: [], bases },
    });
    if (result.kind === 'planned') return result.plan;
    for (const { name } of result.images) bases.set(name, image(name));
  }
}

function image(id: string): BaseImage {
  const config = { ...amd64, config: {}, rootfs: { type: 'layers' as const, diff_ids: [] }, history: [] };
  return { id, layers: [], config };
}
