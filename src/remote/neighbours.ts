import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Neighbour, Neighbours } from '../engine/index.ts';
import { cleanText } from '../lib/clean-text.ts';
import { JsonFields, toContainerDetails } from '../wire/index.ts';
import { type ApiClient, createApiClient } from './client.ts';
import { type Endpoint, parseEndpoint } from './endpoint.ts';
import { type ContainerEvent, EventReader, isTold, NeighbourLog } from './neighbour-events.ts';
import { productOf } from './product.ts';

/** Which engines to ask, and who is told of one that does not answer. */
export interface NeighbourOptions {
  /** As `--host` takes them. */
  readonly addresses: readonly string[];
  /** Told once for each engine. */
  readonly report?: (error: unknown, address: string) => void;
  /** Mount point of procfs. */
  readonly proc?: string;
}

/** How often lists are read again; Podman's service may be started for each request. */
const listMs = { podman: 60_000, docker: 20_000 };
/** 128 + SIGKILL, what the kernel ends who runs out of memory with. */
const killed = '137';
/** At each list so many of those that are known are looked at again: limits change, few and seldom. */
const lookedAtAgain = 5;
const parallel = 4;
/** An engine that hangs holds nobody up for longer. */
const patienceMs = 5000;
const answerMs = 10_000;

/**
 * Watches over other engines on this machine. Costs a request in 20 s for each, and five more for changed limits. What
 * happens in between Docker tells as it happens; Podman is asked with the list, as its service would else never rest.
 */
export function watchNeighbours({
  addresses,
  report = () => {},
  proc = '/proc',
}: NeighbourOptions): Neighbours {
  const log = new NeighbourLog();
  const watches = addresses.map(address => new NeighbourWatch(parseEndpoint(address), { report, proc, log }));
  return {
    running: () => watches.flatMap(watch => watch.running()),
    happened: after => log.after(after),
    async ready() {
      const all = Promise.all(watches.map(watch => watch.refresh()));
      await Promise.race([all, sleep(patienceMs, undefined, { ref: false })]);
    },
    [Symbol.dispose]() {
      for (const watch of watches) watch.close();
    },
  };
}

interface Told extends Required<Pick<NeighbourOptions, 'report' | 'proc'>> {
  readonly log: NeighbourLog;
}

interface Known {
  readonly neighbour: Neighbour;
  readonly lookedAt: number;
}

/** One engine: what it runs, as it said last. What it does not answer leaves the picture as it was. */
class NeighbourWatch {
  readonly #client: ApiClient;
  readonly #report: (error: unknown, address: string) => void;
  readonly #proc: string;
  readonly #log: NeighbourLog;
  readonly #events: EventReader;
  readonly #over = new AbortController();
  #engine: string | undefined;
  #known = new Map<string, Known>();
  #listedAt = Number.NEGATIVE_INFINITY;
  #refreshing: Promise<void> | undefined;
  #isReported = false;

  constructor(endpoint: Endpoint, { report, proc, log }: Told) {
    this.#client = createApiClient(endpoint);
    this.#report = report;
    this.#proc = proc;
    this.#log = log;
    this.#events = new EventReader(this.#client, Date.now());
  }

  running(): Neighbour[] {
    const age = performance.now() - this.#listedAt;
    if (age > (this.#engine === 'podman' ? listMs.podman : listMs.docker)) void this.refresh();
    return [...this.#known.values()].map(({ neighbour }) => neighbour);
  }

  /** Asks anew, once at a time. Never rejects. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#read()
      .catch((error: unknown) => {
        if (!this.#over.signal.aborted && !this.#isReported)
          this.#report(error, this.#client.endpoint.address);
        this.#isReported = true;
      })
      .finally(() => {
        this.#listedAt = performance.now();
        this.#refreshing = undefined;
      });
    return this.#refreshing;
  }

  close(): void {
    this.#over.abort();
    this.#client[Symbol.dispose]();
  }

  async #read(): Promise<void> {
    const signal = AbortSignal.any([this.#over.signal, AbortSignal.timeout(answerMs)]);
    const isFirst = this.#engine === undefined;
    this.#engine ??= engineOf(new JsonFields(await this.#client.negotiate(), 'version'));
    const engine = this.#engine;
    if (engine === undefined) return;
    const take = (event: ContainerEvent) => this.#take(event, engine);
    if (engine === 'podman') await this.#events.catchUp(take, signal).catch(() => undefined);
    else if (isFirst) void this.#events.follow(take, this.#over.signal);
    const list = (await this.#client.json('GET', '/containers/json', { signal })) as unknown[] | undefined;
    const listed = new Set((list ?? []).map(json => new JsonFields(json, 'container').text('Id') ?? ''));
    const old = [...this.#known]
      .filter(([id]) => listed.has(id))
      .sort(([, a], [, b]) => a.lookedAt - b.lookedAt)
      .slice(0, lookedAtAgain)
      .map(([id]) => id);
    const gone = [...this.#known.keys()].filter(id => !listed.has(id));
    const unknown = [...listed].filter(id => !this.#known.has(id));
    for (const id of gone) this.#known.delete(id);
    const waiting = [...unknown, ...old];
    const worker = async () => {
      for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) await this.#lookAt(id, engine);
    };
    await Promise.all(Array.from({ length: parallel }, worker));
  }

  /** Keeps the picture true, and tells what is of use to others. */
  async #take({ action, actor: { id, attributes }, time }: ContainerEvent, engine: string): Promise<void> {
    const before = this.#known.get(id)?.neighbour;
    if (action === 'die') this.#known.delete(id);
    else if (['start', 'update', 'rename'].includes(action)) await this.#lookAt(id, engine);
    if (!isTold(action)) return;
    const { exitCode, name = id.slice(0, 12) } = attributes;
    const limit = before?.limits.memoryBytes;
    const event = {
      ...{ id: `${engine}:${id}`, name: `${engine}/${cleanText(name)}`, time },
      ...(limit === undefined || limit === 0 ? {} : { limitBytes: limit }),
    };
    if (engine === 'podman' && exitCode === killed && (await this.#ranOut(id)))
      this.#log.add({ ...event, action: 'oom' }); // Podman has no such event
    this.#log.add({ ...event, action, ...(exitCode === undefined ? {} : { exitCode }) });
  }

  async #ranOut(id: string): Promise<boolean> {
    const { signal } = this.#over;
    const json = await this.#client.json('GET', `/containers/${id}/json`, { signal }).catch(() => undefined);
    return json !== undefined && toContainerDetails(json).state.oomKilled === true;
  }

  async #lookAt(id: string, engine: string): Promise<void> {
    const { signal } = this.#over;
    const json = await this.#client.json('GET', `/containers/${id}/json`, { signal }).catch(() => undefined);
    const details = json === undefined ? undefined : toContainerDetails(json);
    const pid = details?.state.process?.pid;
    const cgroupPath = pid === undefined ? undefined : cgroupOf(id, pid, this.#proc);
    if (details === undefined || pid === undefined || cgroupPath === undefined) {
      this.#known.delete(id); // it has ended in between, or runs on another machine
      return;
    }
    const { name, imageName, labels, limits, network, state } = details;
    const neighbour: Neighbour = {
      ...{ id: `${engine}:${id}`, engine, address: this.#client.endpoint.address },
      ...{ name: cleanText(name), image: cleanText(imageName) },
      ...{ labels, limits, network, pid, cgroupPath },
      ...(state.startedAt === undefined ? {} : { startedAt: state.startedAt }),
    };
    this.#known.set(id, { neighbour, lookedAt: performance.now() });
  }
}

/** Undefined for plimsoll's own daemon, under whatever name: its containers are measured already. */
function engineOf(version: JsonFields): string | undefined {
  const product = productOf(version);
  if (product === 'plimsoll') return undefined;
  return /podman/i.test(product) ? 'podman' : 'docker';
}

/**
 * The cgroup of a container, by its first process; only if that is of this container: the engine may see other numbers
 * than we do, or be on another machine. What it has made below its own cgroup is counted there, with its limits.
 */
function cgroupOf(id: string, pid: number, proc: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(`${proc}/${pid}/cgroup`, 'latin1');
  } catch {
    return undefined;
  }
  const lines = text.split('\n').map(line => /^\d+:([^:]*):(.*)$/.exec(line) ?? []);
  const [, , path = ''] =
    lines.find(([, names]) => names?.split(',').includes('memory')) ??
    lines.find(([, names]) => names === '') ??
    [];
  const parts = path.split('/');
  const at = parts.findIndex(part => part.includes(id));
  return at < 0 ? undefined : parts.slice(0, at + 1).join('/');
}
