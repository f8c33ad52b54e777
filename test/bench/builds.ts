import { spawnSync } from 'node:child_process';
import { appendFileSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Contestant, compare, insist } from './measure.ts';
import { printComparison, type Target } from './report.ts';

/** How one engine builds a folder. `cached`: with its cache, as far as it has one only if it is told so. */
interface Builder {
  readonly name: string;
  readonly build: (folder: string, cached: boolean) => readonly string[];
}

/**
 * Builds of a Dockerfile with 30 steps in 3 stages and a context of 10,000 files: cold, with everything cached, and after
 * one of the files has changed; beside docker's classic builder and `buildah bud`.
 */
export async function benchBuilds(plimsoll: readonly string[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-bench-build-'));
  const storage = mkdtempSync(join(tmpdir(), 'plimsoll-bench-buildah-'));
  try {
    writeContext(folder);
    const builders = contestants(plimsoll, storage);
    const race = (cached: boolean, before: () => void = () => {}): Contestant[] =>
      builders.map(({ name, build }) => ({
        name,
        once: () => {
          before();
          insist(build(folder, cached));
        },
      }));
    printComparison(
      'cold build of 30 steps in 3 stages, 10,000 files',
      await compare(race(false), 2),
      promise(0.6),
    );
    for (const { build } of builders) insist(build(folder, true));
    printComparison('the same build, everything cached', await compare(race(true), 5), promise(0.3));
    let change = 0;
    const touch = () => appendFileSync(join(folder, 'files/d50/f50.txt'), `change ${change++}\n`);
    printComparison('the same build, one file changed', await compare(race(true, touch), 3), promise(0.4));
  } finally {
    rmSync(folder, { recursive: true, force: true });
    spawnSync('buildah', [...buildahStore(storage), 'rm', '-a']);
    spawnSync('umount', [join(storage, 'root/overlay')]); // buildah mounts it on itself
    rmSync(storage, { recursive: true, force: true });
  }
}

/** What is promised against either. */
function promise(ratio: number): Target {
  return { ratioTo: { docker: ratio, buildah: ratio } };
}

/** Those that can build here; what is missing is said. Every step has the host's network, so that none is measured. */
function contestants(plimsoll: readonly string[], storage: string): Builder[] {
  process.env.DOCKER_BUILDKIT = '0';
  const all: (Builder & { readonly probe: readonly string[] })[] = [
    {
      name: 'plimsoll',
      probe: [...plimsoll, 'version'],
      build: (folder, cached) => [
        ...[...plimsoll, 'build', '-q', '--network', 'host', '-t', 'bench-build'],
        ...(cached ? [] : ['--no-cache']),
        folder,
      ],
    },
    {
      name: 'docker',
      probe: ['docker', 'info'],
      build: (folder, cached) => [
        ...['docker', 'build', '-q', '--network', 'host', '-t', 'bench-build'],
        ...(cached ? [] : ['--no-cache']),
        folder,
      ],
    },
    {
      name: 'buildah',
      probe: ['buildah', '--version'],
      build: (folder, cached) => [
        ...['buildah', ...buildahStore(storage), '--runtime', 'runc', 'bud', '-q', '--network', 'host'],
        ...['-t', 'bench-build', cached ? '--layers' : '--no-cache', folder],
      ],
    },
  ];
  return all.filter(({ name, probe: [file = '', ...args] }) => {
    const isThere = spawnSync(file, args).status === 0;
    if (!isThere) console.log(`${name} is not compared: it does not answer`);
    return isThere;
  });
}

function buildahStore(storage: string): string[] {
  return ['--root', join(storage, 'root'), '--runroot', join(storage, 'run')];
}

function writeContext(folder: string): void {
  copyFileSync('/bin/busybox', join(folder, 'busybox'));
  for (let d = 0; d < 100; d++) {
    const below = join(folder, 'files', `d${String(d).padStart(2, '0')}`);
    mkdirSync(below, { recursive: true });
    for (let f = 0; f < 100; f++)
      writeFileSync(join(below, `f${String(f).padStart(2, '0')}.txt`), `file ${d} ${f}\n`.repeat(20));
  }
  const run = (count: number, text: (i: number) => string) =>
    Array.from({ length: count }, (_, i) => `RUN ${text(i)}`);
  const lines = [
    ...[
      'FROM scratch AS base',
      'COPY busybox /bin/busybox',
      'RUN ["/bin/busybox", "--install", "-s", "/bin"]',
    ],
    ...['ENV MODE=bench', 'WORKDIR /src'],
    ...run(5, i => `echo base ${i} > /base-${i}`),
    ...['FROM base AS build', 'COPY files /src/files'],
    ...run(8, i => `mkdir -p /out && ls /src/files/d0${i} | wc -l > /out/${i}`),
    ...['FROM base', 'COPY --from=build /out /out'],
    ...run(6, i => `echo final ${i} > /final-${i}`),
    ...['LABEL a=b', 'CMD ["sh"]'],
  ];
  writeFileSync(join(folder, 'Dockerfile'), `${lines.join('\n')}\n`);
}
