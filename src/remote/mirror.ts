import type { ContainerDetails, EngineEvent, ImageDetails, Network, Volume } from '../engine/index.ts';
import { isPlimsollError, messageOf, PlimsollError } from '../errors.ts';
import { nearMisses } from '../lib/near-misses.ts';
import { familiarReference, formatReference, localCandidates, parseReference } from '../oci/index.ts';
import {
  JsonFields,
  networksOfContainer,
  toContainerDetails,
  toEvent,
  toImageDetails,
  toNetwork,
  toVolume,
} from '../wire/index.ts';
import type { ApiClient } from './client.ts';
import { clientError } from './client-errors.ts';
import { readLines } from './frames.ts';
import { ToldEvents } from './told-events.ts';

/** Requests at once while everything is read: enough to hide the way there, too few to be a burden. */
const parallel = 12;
/** How often what is known is held against the engine's list, should it not tell of all that happens. */
const compareMs = 5000;
/** Events that are remembered. */
const rememberedEvents = 1000;
/** A connection that broke is tried again after this, and after ever longer, up to the last. */
const retryMs = [500, 1000, 2000, 5000];

interface KnownContainer {
  readonly details: ContainerDetails;
  readonly networks: ReturnType<typeof networksOfContainer>;
}

/**
 * What an engine elsewhere has, kept here: hosts ask for lists at any moment and get the newest answer at once. It is
 * read whole at the beginning, kept true by the engine's events while somebody follows them, and read again after each
 * change of our own. When the engine does not answer the last picture stays, and `lost` says since when.
 */
export class Mirror {
  readonly #client: ApiClient;
  #containers = new Map<string, KnownContainer>();
  #images = new Map<string, ImageDetails>();
  #networks: unknown[] = [];
  #volumes: unknown[] = [];
  #info: unknown = {};
  #lost: { readonly since: number; readonly reason: string } | undefined;
  #events: EngineEvent[] = [];
  #seq = 0;
  readonly #told = new ToldEvents();
  #waiters = new Set<() => void>();
  #watching: AbortController | undefined;

  constructor(client: ApiClient) {
    this.#client = client;
  }

  /** Reads everything. Rejects if the engine does not answer. */
  async open(): Promise<void> {
    await Promise.all([this.refreshAll(), this.#readPast()]);
  }

  close(): void {
    this.#watching?.abort();
    for (const wake of this.#waiters) wake();
  }

  lost(): { readonly since: number; readonly reason: string } | undefined {
    return this.#lost;
  }

  info(): JsonFields {
    return new JsonFields(this.#info, 'info');
  }

  containers(): ContainerDetails[] {
    return [...this.#containers.values()].map(({ details }) => details);
  }

  /** By name, id or a unique beginning of an id. Throws `not-found`, `invalid-argument` for one that is not unique. */
  container(name: string): ContainerDetails {
    const wanted = name.replace(/^\//, '');
    const all = this.containers();
    const exact = this.#containers.get(wanted)?.details ?? all.find(each => each.name === wanted);
    if (exact !== undefined) return exact;
    const found = wanted === '' ? [] : all.filter(({ id }) => id.startsWith(wanted));
    if (found.length === 1 && found[0] !== undefined) return found[0];
    if (found.length > 1)
      throw new PlimsollError(
        'invalid-argument',
        `several containers have an id that begins with "${wanted}"`,
        {
          code: 'AMBIGUOUS_ID',
          hint: 'give more of it',
        },
      );
    throw unknown(
      'container',
      wanted,
      nearMisses(
        wanted,
        all.map(each => each.name),
      ),
    );
  }

  images(): ImageDetails[] {
    const users = Map.groupBy(this.containers(), ({ imageId }) => imageId);
    return [...this.#images.values()].map(image => ({
      ...image,
      containers: (users.get(image.id) ?? []).map(({ id }) => id),
    }));
  }

  /** By reference, id or a unique beginning of an id. Throws `not-found`. */
  image(name: string): ImageDetails {
    const images = this.images();
    const candidates = candidatesOf(name);
    const named = images.find(({ references }) => references.some(each => candidates.includes(each)));
    if (named !== undefined) return named;
    const hex = name.replace(/^sha256:/, '');
    const found = /^[0-9a-f]{4,64}$/.test(hex) ? images.filter(({ id }) => id.slice(7).startsWith(hex)) : [];
    if (found.length === 1 && found[0] !== undefined) return found[0];
    const known = images.flatMap(({ references }) => references.map(shortName));
    throw unknown('image', name, nearMisses(name, known));
  }

  networks(): Network[] {
    return this.#networks.map(json => {
      const id = new JsonFields(json).text('Id') ?? '';
      const name = new JsonFields(json).text('Name') ?? '';
      const on = [...this.#containers.values()].flatMap(({ details, networks }) => {
        const found = networks.find(each => each.name === name || each.id === id);
        return found?.member === undefined ? [] : [[details.id, found.member] as const];
      });
      return toNetwork(json, Object.fromEntries(on));
    });
  }

  network(name: string): Network {
    const all = this.networks();
    const found =
      all.find(each => each.name === name) ?? all.find(each => name.length >= 4 && each.id.startsWith(name));
    if (found !== undefined) return found;
    throw unknown(
      'network',
      name,
      nearMisses(
        name,
        all.map(each => each.name),
      ),
    );
  }

  volumes(): Volume[] {
    return this.#volumes.map(json => {
      const name = new JsonFields(json).text('Name') ?? '';
      const users = this.containers().filter(({ mounts }) =>
        mounts.some(mount => mount.type === 'volume' && mount.name === name),
      );
      return toVolume(
        json,
        users.map(({ id }) => id),
      );
    });
  }

  volume(name: string): Volume {
    const all = this.volumes();
    const found = all.find(each => each.name === name);
    if (found !== undefined) return found;
    throw unknown(
      'volume',
      name,
      nearMisses(
        name,
        all.map(each => each.name),
      ),
    );
  }

  /** Remembered events, oldest first. */
  events(): readonly EngineEvent[] {
    return this.#events;
  }

  lastSeq(): number {
    return this.#seq;
  }

  /** Events after `seq` as they come; the engine's are listened to from the first call on. */
  async *follow(seq: number, signal: AbortSignal): AsyncGenerator<EngineEvent> {
    this.#watch();
    let last = seq;
    while (!signal.aborted && !this.#watching?.signal.aborted) {
      for (const event of this.#events.filter(each => each.seq > last)) {
        last = event.seq;
        yield event;
      }
      if (this.#seq > last) continue;
      await this.#next(signal);
    }
  }

  async refreshAll(): Promise<void> {
    await Promise.all([
      this.refreshInfo(),
      this.refreshContainers(),
      this.refreshImages(),
      this.refreshNetworks(),
      this.refreshVolumes(),
    ]);
  }

  async refreshInfo(): Promise<void> {
    this.#info = (await this.#client.json('GET', '/info')) ?? {};
  }

  async refreshContainers(): Promise<void> {
    const list = (await this.#client.json('GET', '/containers/json', { query: { all: true } })) as {
      Id: string;
    }[];
    const read = await inParallel(list, ({ Id }) => this.#readContainer(Id));
    this.#containers = new Map(read.flatMap(each => (each === undefined ? [] : [[each.details.id, each]])));
  }

  /** One container, by id. Forgets it if it is gone. */
  async refreshContainer(id: string): Promise<void> {
    const known = await this.#readContainer(id);
    if (known === undefined) this.#containers.delete(id);
    else this.#containers.set(known.details.id, known);
  }

  async refreshImages(): Promise<void> {
    const list = (await this.#client.json('GET', '/images/json')) as {
      Id: string;
      RepoTags?: string[] | null;
      RepoDigests?: string[] | null;
    }[];
    const read = await inParallel(list, each => this.#readImage(each));
    this.#images = new Map(read.flatMap(each => (each === undefined ? [] : [[each.id, each]])));
  }

  async refreshNetworks(): Promise<void> {
    this.#networks = ((await this.#client.json('GET', '/networks')) as unknown[] | undefined) ?? [];
  }

  async refreshVolumes(): Promise<void> {
    const { Volumes } = (await this.#client.json('GET', '/volumes')) as { Volumes?: unknown[] | null };
    this.#volumes = Volumes ?? [];
  }

  /** Told by whoever talks to the engine that it does not answer, or that it does again. */
  told(error: unknown): void {
    if (error === undefined) this.#lost = undefined;
    else if (isPlimsollError(error, 'unavailable'))
      this.#lost = { since: this.#lost?.since ?? Date.now(), reason: messageOf(error) };
  }

  async #readContainer(id: string): Promise<KnownContainer | undefined> {
    const json = await this.#client.json('GET', `/containers/${id}/json`).catch(absent);
    if (json === undefined) return undefined;
    return { details: toContainerDetails(json), networks: networksOfContainer(json) };
  }

  /** An image never changes, only its names do: what is known of one that has the same names is true. */
  async #readImage({
    Id,
    RepoTags,
  }: {
    Id: string;
    RepoTags?: string[] | null;
  }): Promise<ImageDetails | undefined> {
    const known = this.#images.get(Id);
    const tags = [...(RepoTags ?? [])]
      .filter(tag => !tag.includes('<none>'))
      .sort()
      .join(' ');
    if (
      known !== undefined &&
      known.references
        .filter(each => !each.includes('@'))
        .map(shortName)
        .sort()
        .join(' ') === tags
    )
      return known;
    const [json, history] = await Promise.all([
      this.#client.json('GET', `/images/${Id}/json`).catch(absent),
      this.#client.json('GET', `/images/${Id}/history`).catch(absent),
    ]);
    if (json === undefined) return undefined;
    return toImageDetails(json, (history as unknown[] | undefined) ?? [], { containers: [] });
  }

  /** What the engine remembers of the last hour. An engine that cannot tell has no past. */
  async #readPast(): Promise<void> {
    const now = Math.floor(Date.now() / 1000);
    try {
      const stream = await this.#client.stream('GET', '/events', {
        query: { since: String(now - 3600), until: String(now) },
        signal: AbortSignal.timeout(2000),
      });
      for await (const line of readLines(stream as AsyncIterable<Buffer>)) this.#remember(line);
    } catch {
      // It will have a future.
    }
  }

  #remember(line: string): EngineEvent | undefined {
    const event = toEvent(line, this.#seq + 1);
    if (event === undefined || !this.#told.isNew(event)) return undefined;
    this.#seq = event.seq;
    this.#events.push(event);
    if (this.#events.length > rememberedEvents) this.#events = this.#events.slice(-rememberedEvents / 2);
    return event;
  }

  #next(signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      const wake = () => {
        this.#waiters.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiters.add(wake);
      signal.addEventListener('abort', wake, { once: true });
      if (this.#watching?.signal.aborted) wake();
    });
  }

  #watch(): void {
    if (this.#watching !== undefined) return;
    this.#watching = new AbortController();
    const { signal } = this.#watching;
    void this.#listen(signal);
    const timer = setInterval(
      () => void this.#compare().catch((error: unknown) => this.told(error)),
      compareMs,
    );
    timer.unref();
    signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  }

  /** An engine may keep what happens to itself (Podman without a journal does): what changed is read again. */
  async #compare(): Promise<void> {
    const list = (await this.#client.json('GET', '/containers/json', { query: { all: true } })) as {
      Id: string;
      State: string;
    }[];
    const listed = new Map(list.map(({ Id, State }) => [Id, State]));
    const changed = [...listed].filter(
      ([id, state]) => this.#containers.get(id)?.details.state.status !== state,
    );
    for (const id of this.#containers.keys()) if (!listed.has(id)) this.#containers.delete(id);
    await inParallel(changed, ([id]) => this.refreshContainer(id));
  }

  /** Listens to the engine until it is closed; after a break everything is read anew, as anything may have happened. */
  async #listen(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; failures++) {
      try {
        if (failures > 0) await this.#client.negotiate();
        const since = String(Math.floor(Date.now() / 1000)); // Podman knows no fractions
        const stream = await this.#client.stream('GET', '/events', { query: { since }, signal });
        if (failures > 0) await this.refreshAll();
        this.told(undefined);
        if (failures > 0) this.#wake();
        failures = 0;
        for await (const line of readLines(stream as AsyncIterable<Buffer>)) {
          const event = this.#remember(line);
          if (event === undefined) continue;
          await this.#follow(event);
          this.#wake();
        }
        throw new PlimsollError('unavailable', 'the engine ended the connection', {
          code: 'ENGINE_UNREACHABLE',
        });
      } catch (error) {
        if (signal.aborted) return;
        const said = clientError(error, { address: this.#client.endpoint.address });
        this.told(isPlimsollError(said, 'unavailable') ? said : broken(said));
        await pause(retryMs[Math.min(failures, retryMs.length - 1)] ?? 5000, signal);
      }
    }
  }

  #wake(): void {
    for (const wake of [...this.#waiters]) wake();
  }

  /** Brings the picture up to what an event tells. What cannot be read now is read after the next one. */
  async #follow({ type, action, actor }: EngineEvent): Promise<void> {
    try {
      if (type === 'container') {
        if (action === 'destroy') this.#containers.delete(actor.id);
        else if (!/^(exec_|attach|resize|archive-path|export|top)/.test(action))
          await this.refreshContainer(actor.id);
      } else if (type === 'image' || type === 'build') await this.refreshImages();
      else if (type === 'network') {
        const { container } = actor.attributes;
        await this.refreshNetworks();
        if (container !== undefined && container !== '') await this.refreshContainer(container);
      } else if (type === 'volume') await this.refreshVolumes();
    } catch (error) {
      this.told(error);
    }
  }
}

function broken(error: unknown): PlimsollError {
  return new PlimsollError('unavailable', messageOf(error), { code: 'ENGINE_UNREACHABLE', cause: error });
}

function absent(error: unknown): undefined {
  if (isPlimsollError(error, 'not-found')) return undefined;
  throw error;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, ms);
    timer.unref();
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}

async function inParallel<T, R>(items: readonly T[], read: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await read(items[index] as T);
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallel, items.length) }, worker));
  return results;
}

function candidatesOf(name: string): readonly string[] {
  try {
    return localCandidates(name).map(formatReference);
  } catch {
    return [];
  }
}

function shortName(reference: string): string {
  try {
    return familiarReference(parseReference(reference));
  } catch {
    return reference;
  }
}

function unknown(
  what: 'container' | 'image' | 'network' | 'volume',
  name: string,
  near: readonly string[],
): PlimsollError {
  return new PlimsollError('not-found', `there is no ${what} "${name}"`, {
    code: `${what.toUpperCase()}_NOT_FOUND`,
    ...(near.length === 0 ? {} : { hint: `did you mean ${near.join(' or ')}?` }),
  });
}
