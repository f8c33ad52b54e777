import { readdirSync, readFileSync } from 'node:fs';
import type { Engine } from '../../src/engine/index.ts';
import { command, compare, insist } from './measure.ts';
import { limitWords, type Peer, peerImage } from './peers.ts';
import { printComparison, printFigure } from './report.ts';
import { startSleepers } from './start-sleepers.ts';

/** How many containers are started and removed, and how many run while they are listed. */
const many = Number(process.env.PLIMSOLL_BENCH_MANY ?? 100);
const rounds = 5;
const listed = Number(process.env.PLIMSOLL_BENCH_LISTED ?? 500);

/** Many containers: started and removed beside the peers, and what they cost while they run. */
export async function benchMany(
  engine: Engine,
  plimsoll: readonly string[],
  peers: readonly Peer[],
  slower: number,
): Promise<void> {
  await compareStarts(plimsoll, peers);
  await measureRunning(engine, plimsoll, slower);
}

/** In turns of a few, so that a noisy minute hits all alike; without one to warm up: it is hundreds of processes. */
async function compareStarts(plimsoll: readonly string[], peers: readonly Peer[]): Promise<void> {
  const words = (name: string, engine: readonly string[], image: string, flags: readonly string[] = []) => ({
    name,
    once: () => {
      const started = [...engine, 'run', '-d', ...flags, '--network', 'none', '--name'];
      const each = (argv: readonly string[], rest: readonly string[]) =>
        insist([
          'sh',
          '-c',
          inParallel,
          'sh',
          String(Math.ceil(many / rounds)),
          [...argv].join(' '),
          rest.join(' '),
        ]);
      each(started, [image, 'sleep', '100000']);
      each([...engine, 'rm', '-f'], []);
    },
  });
  const contestants = [
    words('plimsoll', plimsoll, 'localhost/busybox'),
    ...peers.map(peer => words(peer.name, peer.command, peerImage, limitWords(peer))),
  ];
  const total = new Map(contestants.map(({ name }) => [name, 0]));
  for (let round = 0; round < rounds; round++) {
    for (const { name, once } of contestants) {
      const start = performance.now();
      once();
      total.set(name, (total.get(name) ?? 0) + performance.now() - start);
    }
  }
  const timings = [...total].map(([name, ms]) => ({ name, medianMs: ms, p90Ms: ms }));
  printComparison(`start and remove ${many} containers, 8 at a time (cold CLI, all of it)`, timings, {
    ratioTo: { docker: 0.4, podman: 0.4 },
  });
}

const inParallel = 'seq "$1" | xargs -P 8 -I{} sh -c "$2 bench-many-{} $3 >/dev/null"';

/** What running containers cost beyond their own processes, and how long a list of them takes. */
async function measureRunning(engine: Engine, plimsoll: readonly string[], slower: number): Promise<void> {
  const { ids, remove } = await startSleepers(engine, listed);
  try {
    console.log(`\n${listed} running containers`);
    const [resident, proportional] = residentMiB(new Set(ids));
    printFigure('resident MiB each, without its own', resident / listed, 3);
    console.log(
      `  ${'of that its own share (PSS), MiB'.padEnd(34)} ${(proportional / listed).toFixed(1).padStart(8)}`,
    );
    const timings = await compare([command('plimsoll', [...plimsoll, 'ps'])], 15);
    printComparison('ps of all of them (cold CLI)', timings, { atMost: 150, slower });
  } finally {
    await remove();
  }
}

/** Of every process that names a container in its command line, and of the keeper: all that runs for them. */
function residentMiB(ids: ReadonlySet<string>): [resident: number, proportional: number] {
  let [resident, proportional] = [0, 0];
  for (const pid of readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      if (!words.some(word => ids.has(word)) && !words[1]?.endsWith('keeper.sh')) continue;
      const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
      resident += Number(/^Rss: +(\d+)/m.exec(rollup)?.[1] ?? 0);
      proportional += Number(/^Pss: +(\d+)/m.exec(rollup)?.[1] ?? 0);
    } catch {
      // it has just ended
    }
  }
  return [resident / 1024, proportional / 1024];
}
