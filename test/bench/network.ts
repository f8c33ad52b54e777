import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { noOrdinaryUser, openOrdinaryUser } from '../support/ordinary-user.ts';
import { insist } from './measure.ts';
import { limitWords, type Peer, peerImage } from './peers.ts';
import { asUser, podmanOf } from './podman-of-user.ts';
import { printRates } from './report.ts';

/** How one engine is spoken to, and what it has running for the measurement. */
interface Side {
  readonly name: string;
  /** Node, at a path that the engine can read. */
  readonly node: string;
  /** Further words of `run`. */
  readonly words: readonly string[];
  /** The words before the verb. */
  readonly command: readonly string[];
  readonly image: string;
  readonly ports: { readonly throughput: number; readonly roundTrips: number };
  address: string;
}

/** A way to a server in a container, and the words that run a client at its beginning. */
interface Way {
  readonly title: string;
  readonly from: (side: Side) => readonly string[];
  readonly to: (side: Side) => { address: string; throughput: number; roundTrips: number };
}

const ownImage = 'localhost/busybox';
const rounds = Number(process.env.PLIMSOLL_BENCH_ROUNDS ?? 11);
/** Nothing that is measured takes longer. */
const patience = ['timeout', '20'];
const server = 'plimsoll-bench-server';
const client = 'plimsoll-bench-client';
const lan = 'plimsoll-bench-lan';
const hostAddress = '198.51.100.1';

/**
 * TCP through a published port and between two containers, side by side: throughput by iperf3 and round trips of one
 * byte. Programs are the host's own, bound into containers of busybox. Engines take turns, one second at a time.
 */
export function benchNetwork(plimsoll: readonly string[], peers: readonly Peer[]): void {
  if (isMissing()) return;
  const engines = [{ name: 'plimsoll', command: plimsoll, image: ownImage }, ...peers];
  const node = process.execPath;
  compareSides(
    engines.map(engine => ({ image: peerImage, node, words: [], ...engine })),
    { ratioTo: 'docker', within: 0.05, ways },
  );
}

/** The same between plimsoll and podman of an ordinary user: what is said of both is that of their port forwarders, too. */
export function benchRootless(): void {
  const reason = noOrdinaryUser();
  if (reason) console.log(`\nnetwork of an ordinary user: not measured: ${reason}`);
  if (reason || isMissing()) return;
  using user = openOrdinaryUser();
  using podman = podmanOf(user);
  const node = join(user.home, 'node'); // this one may be where the user cannot go
  copyFileSync(process.execPath, node);
  user.plimsoll('image', 'bootstrap');
  const plimsoll = asUser(user, user.launcher);
  const sides = [
    { name: 'plimsoll', command: plimsoll, image: ownImage, node, words: [] },
    ...(podman.why === undefined
      ? [{ name: 'podman', command: podman.command, image: peerImage, node, words: ['--network', 'podman'] }]
      : []),
  ];
  if (podman.why !== undefined) console.log(`\npodman of an ordinary user is not compared: ${podman.why}`);
  const titled = ways.map(way => ({ ...way, title: `${way.title}, of an ordinary user` }));
  compareSides(sides, { ratioTo: 'podman', within: 0.05, ways: titled });
}

function isMissing(): boolean {
  const iperf = '/usr/bin/iperf3';
  if (existsSync(iperf)) return false;
  console.log(`\nnetwork: not measured, as ${iperf} is missing (apt-get install iperf3)`);
  return true;
}

interface Comparison {
  /** The peer of the promise, and by which part of its figure ours may be worse. */
  readonly ratioTo: string;
  readonly within: number;
  readonly ways: readonly Way[];
}

function compareSides(
  engines: readonly Pick<Side, 'name' | 'command' | 'image' | 'node' | 'words'>[],
  comparison: Comparison,
): void {
  const sides: Side[] = engines.map((engine, i) => ({
    ...engine,
    ports: { throughput: 15_201 + i, roundTrips: 17_001 + i },
    address: '',
  }));
  try {
    layLan();
    const ready = sides.filter(side => can(side, () => start(side)));
    for (const way of comparison.ways) measure(way, ready, comparison);
  } finally {
    for (const side of sides) remove(side);
    tryTo(['ip', 'netns', 'del', lan]);
  }
}

const ways: readonly Way[] = [
  {
    title: 'between two containers',
    from: ({ command }) => [...command, 'exec', client],
    to: ({ address }) => ({ address, throughput: 5201, roundTrips: 7000 }),
  },
  {
    title: 'published port, from another machine (a network namespace)',
    from: () => ['ip', 'netns', 'exec', lan],
    to: ({ ports }) => ({ address: hostAddress, ...ports }),
  },
  {
    title: 'published port, from the host by 127.0.0.1',
    from: () => ['env'],
    to: ({ ports }) => ({ address: '127.0.0.1', ...ports }),
  },
];

function measure(way: Way, all: readonly Side[], { ratioTo, within }: Comparison): void {
  const sides = all.filter(side => can(side, () => once(way, side))); // warms up, too
  const figures = sides.map(({ name }) => ({ name, gigabits: [] as number[], micros: [] as number[] }));
  for (let round = 0; round < rounds; round++) {
    // Now one first, now the other: who comes second finds a warmer machine.
    const order = sides.map((side, i) => ({ side, figure: figures[i] }));
    for (const { side, figure } of round % 2 === 0 ? order : order.reverse()) {
      const { gigabits, micros } = once(way, side);
      figure?.gigabits.push(gigabits);
      figure?.micros.push(micros);
    }
  }
  const throughput = figures.map(({ name, gigabits }) => ({ name, rounds: gigabits }));
  const roundTrip = figures.map(({ name, micros }) => ({ name, rounds: micros }));
  const promise = { ratioTo, within };
  printRates(`throughput, ${way.title}`, 'Gbit/s', throughput, { ...promise, better: 'more' });
  printRates(`round trip, ${way.title}`, 'us', roundTrip, { ...promise, better: 'less' });
}

function once({ from, to }: Way, side: Side): { gigabits: number; micros: number } {
  const { address, throughput, roundTrips } = to(side);
  const words = from(side);
  const node = words.includes('exec') && words.includes(client) ? '/node' : process.execPath;
  const stream = ['iperf3', '-J', '-t', '1', '-c', address, '-p', String(throughput)];
  const report = insist([...patience, ...words, ...stream]);
  const trips = insist([...patience, ...words, node, '-e', asker, address, String(roundTrips)]);
  return { gigabits: JSON.parse(report).end.sum_received.bits_per_second / 1e9, micros: Number(trips) };
}

/** True if the side does it; a peer that cannot is left out, with its words. */
function can(side: Side, action: () => unknown): boolean {
  try {
    action();
    return true;
  } catch (error) {
    if (side.name === 'plimsoll') throw error;
    console.log(`${side.name} is not compared: ${String(error)}`);
    return false;
  }
}

function start(side: Side): void {
  const { command, image, ports, node } = side;
  remove(side);
  const programs = ['/usr:/usr:ro', '/usr/lib:/lib:ro', '/usr/lib64:/lib64:ro', `${node}:/node:ro`];
  const limits = limitWords(side);
  const words = ['run', '-d', '--tmpfs', '/tmp', ...limits, ...programs.flatMap(bind => ['-v', bind])];
  const published = [`${ports.throughput}:5201`, `${ports.roundTrips}:7000`].flatMap(port => ['-p', port]);
  const serve = ['sh', '-c', 'iperf3 -s >/dev/null & exec /node -e "$0"', echo];
  insist([...command, ...words, ...side.words, ...published, '--name', server, image, ...serve]);
  insist([...command, ...words, ...side.words, '--name', client, image, 'sleep', '100000']);
  const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}';
  side.address = insist([...command, 'inspect', '--format', format, server]).trim();
}

/** A neighbour of the host, which comes to published ports by a link as another machine does. */
function layLan(): void {
  tryTo(['ip', 'netns', 'del', lan]);
  insist(['ip', 'netns', 'add', lan]);
  insist(['ip', 'link', 'add', 'plbench0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', lan]);
  insist(['ip', 'addr', 'add', `${hostAddress}/30`, 'dev', 'plbench0']);
  insist(['ip', 'link', 'set', 'plbench0', 'up']);
  insist(['ip', '-n', lan, 'addr', 'add', '198.51.100.2/30', 'dev', 'eth0']);
  insist(['ip', '-n', lan, 'link', 'set', 'eth0', 'up']);
}

const echo =
  "require('net').createServer({ noDelay: true }, s => s.on('error', () => {}).pipe(s)).listen(7000)";

/** Prints the median microseconds of a byte's way there and back; waits for the server to come up. */
const asker = `
  const [address, port] = process.argv.slice(1);
  const connect = () => {
    const socket = require('net').connect({ host: address, port: Number(port), noDelay: true });
    socket.on('error', () => setTimeout(connect, 50));
    const times = [];
    let sent = 0n;
    const send = () => { sent = process.hrtime.bigint(); socket.write('x'); };
    socket.on('connect', send);
    socket.on('data', () => {
      times.push(Number(process.hrtime.bigint() - sent) / 1000);
      if (times.length < 5000) return send();
      socket.end();
      console.log(times.sort((a, b) => a - b)[times.length >> 1]);
    });
  };
  connect();
`;

/** One by one: podman removes none if one of them is not there. */
function remove({ command }: Side): void {
  for (const name of [server, client]) tryTo([...command, 'rm', '-f', name]);
}

function tryTo(argv: readonly string[]): void {
  try {
    insist(argv);
  } catch {
    // it is not there
  }
}
