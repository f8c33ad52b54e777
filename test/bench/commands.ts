import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command, compare, insist } from './measure.ts';
import { limitWords, type Peer, peerImage } from './peers.ts';
import { printComparison } from './report.ts';

/** Cold command-line calls, side by side with the peers. `plimsoll` is the words before the verb. */
export async function benchCommands(plimsoll: readonly string[], peers: readonly Peer[]): Promise<void> {
  await compareRuns(plimsoll, peers, 'run --rm --network none (cold CLI)', ['--network', 'none'], 0.5);
  await compareRuns(plimsoll, peers, 'run --rm with the bridge network (cold CLI)', [], 0.45);
  await compareLists(plimsoll, peers);
  await compareCachedBuilds(plimsoll, peers);
}

async function compareRuns(
  plimsoll: readonly string[],
  peers: readonly Peer[],
  title: string,
  flags: readonly string[],
  limit: number,
): Promise<void> {
  const timings = await compare(
    [
      command('plimsoll', [...plimsoll, 'run', '--rm', ...flags, 'localhost/busybox', 'true']),
      ...peers.map(peer =>
        command(peer.name, [...peer.command, ...runWords(peer), ...flags, peerImage, 'true']),
      ),
    ],
    15,
  );
  printComparison(title, timings, { ratioTo: { docker: limit } });
}

async function compareLists(plimsoll: readonly string[], peers: readonly Peer[]): Promise<void> {
  const timings = await compare(
    [
      command('plimsoll', [...plimsoll, 'ps']),
      ...peers.map(peer => command(peer.name, [...peer.command, 'ps'])),
    ],
    15,
  );
  printComparison('ps (cold CLI)', timings, {});
}

async function compareCachedBuilds(plimsoll: readonly string[], peers: readonly Peer[]): Promise<void> {
  const context = mkdtempSync(join(tmpdir(), 'plimsoll-bench-context-'));
  try {
    writeContext(context);
    const build = (words: readonly string[], base: string) =>
      [
        ...words,
        'build',
        '-q',
        '-t',
        'plimsoll-bench-build',
        '--build-arg',
        `BASE=${base}`,
        context,
      ] as const;
    const ours = build(plimsoll, 'localhost/busybox');
    insist(ours);
    for (const peer of peers) insist(build(peer.command, peerImage));
    const timings = await compare(
      [command('plimsoll', ours), ...peers.map(peer => command(peer.name, build(peer.command, peerImage)))],
      10,
    );
    printComparison('build, everything cached (300 files, 8 steps)', timings, { ratioTo: { docker: 0.5 } });
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}

function writeContext(context: string): void {
  mkdirSync(join(context, 'src'));
  for (let i = 0; i < 300; i++)
    writeFileSync(join(context, 'src', `file-${i}.txt`), `content ${i}\n`.repeat(50));
  writeFileSync(
    join(context, 'Dockerfile'),
    [
      'ARG BASE',
      'FROM $BASE AS build',
      'WORKDIR /app',
      'COPY src src',
      'RUN cat src/*.txt > all.txt',
      'FROM $BASE',
      'ENV MODE=production',
      'COPY --from=build /app/all.txt /all.txt',
      'RUN test -s /all.txt',
      'CMD ["cat", "/all.txt"]',
    ].join('\n'),
  );
}

function runWords(peer: Peer): string[] {
  return ['run', '--rm', ...limitWords(peer)];
}
