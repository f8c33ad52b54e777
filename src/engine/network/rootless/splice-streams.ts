import type { IPVersion } from 'node:net';
import { FAILED, PEER_ENDED, READABLE, type StreamCalls, WRITABLE } from '../../kernel/index.ts';

/** What the thread that hands streams on is told. A port is named by the socket that listens at it. */
export type StreamOrder =
  | {
      readonly open: number;
      readonly address: Uint8Array;
      readonly address6?: Uint8Array;
      readonly port: number;
    }
  | { readonly close: number }
  | { readonly end: true };

/** What it answers to `open`, and to `close` once nothing is left of it: 0, or a negative errno. */
export interface StreamWord {
  readonly port: number;
  readonly errno: number;
}

/** What it is told at its start. */
export interface StreamOptions {
  /** Of these kinds the way back is there for connections that come from their client's own address: see `leadAnswersBack`. */
  readonly answersComeBack: readonly IPVersion[];
}

interface Listener {
  readonly fd: number;
  readonly address: Uint8Array;
  readonly address6: Uint8Array | undefined;
  readonly port: number;
  readonly connections: Set<Connection>;
}

interface Connection {
  readonly listener: Listener;
  readonly client: number;
  readonly inside: number;
  readonly flows: readonly [Flow, Flow];
  connected: boolean;
  broken: boolean;
}

/** One direction. What has been taken and not yet been handed on is in the pipe. */
interface Flow {
  readonly from: number;
  readonly to: number;
  pipe: Pipe | undefined;
  held: number;
  ended: boolean;
  closed: boolean;
}

interface Pipe {
  readonly read: number;
  readonly write: number;
  /** Each for a byte at least: when fewer bytes came, it was not the pipe that had no more room. */
  readonly pages: number;
}

const pipeBytes = 1024 * 1024;
/** Empty ones that are kept. */
const sparePipes = 16;
/** A connection that has more is asked again after the others. */
const piecesAtOnce = 16;
const acceptedAtOnce = 64;
const backlog = 4096;
/** There are too many open files to take a connection: tried again then. */
const retryMs = 100;
/** Nothing waits for that: only a thread that comes back to Node now and then can be ended by it. */
const idleMs = 10_000;

/**
 * Hands connections on from listening sockets to addresses, without a copy: socket to pipe to socket. Each end hears of the
 * other's, and a connection that breaks on one side is reset on the other. Clients that `keepsAddress` names are seen by
 * their own address where they are led to.
 */
export function createStreams(
  calls: StreamCalls,
  tell: (word: StreamWord) => void,
  keepsAddress: (client: Uint8Array) => boolean,
) {
  const poll = calls.poll();
  const alarm = calls.alarm();
  calls.watch(poll, alarm, 'level');
  const listeners = new Map<number, Listener>();
  const connections = new Map<number, Connection>();
  const unfinished = new Set<Connection>();
  const resting = new Set<Listener>();
  const spare: Pipe[] = [];
  let closing: number[] = [];

  /** Not before all that was told at once has been looked at: a new socket must not be taken for the old one. */
  const closeLater = (fd: number) => void closing.push(fd);
  const closeThose = () => {
    for (const fd of closing) calls.close(fd);
    closing = [];
  };

  const layAside = (flow: Flow) => {
    const { pipe } = flow;
    flow.pipe = undefined;
    if (pipe === undefined) return;
    if (flow.held === 0 && spare.length < sparePipes) return void spare.push(pipe);
    calls.close(pipe.read);
    calls.close(pipe.write);
  };

  const forget = (connection: Connection) => {
    connection.broken = true;
    for (const flow of connection.flows) layAside(flow);
    for (const fd of [connection.client, connection.inside]) {
      connections.delete(fd);
      closeLater(fd);
    }
    connection.listener.connections.delete(connection);
    unfinished.delete(connection);
  };

  /** Resets those that have not been told of an orderly end before. */
  const breakOff = (connection: Connection) => {
    for (const { to, closed } of connection.flows) if (!closed) calls.resetAtClose(to);
    forget(connection);
  };

  const takePipe = (): Pipe | undefined => {
    const fresh = spare.pop() ?? calls.pipe(pipeBytes);
    return typeof fresh === 'number' ? undefined : fresh;
  };

  /** Moves what it can. False: the connection is broken. `mayEnd`: looks for the end behind what has come. */
  const move = (connection: Connection, flow: Flow, mayEnd: boolean): boolean => {
    flow.pipe ??= flow.closed ? undefined : takePipe();
    const { pipe } = flow;
    if (pipe === undefined) return flow.closed;
    for (let piece = 0; ; piece++) {
      let moved = false;
      let isAll = false;
      if (!flow.ended && flow.held < pipeBytes) {
        const taken = calls.splice(flow.from, pipe.write, pipeBytes - flow.held);
        if (taken > 0) flow.held += taken;
        else if (taken === 0) flow.ended = true;
        else if (taken !== calls.EAGAIN) return false;
        moved = taken > 0;
        isAll = moved && !mayEnd && flow.held < pipe.pages;
      }
      if (flow.held > 0) {
        const given = calls.splice(pipe.read, flow.to, flow.held);
        if (given > 0) flow.held -= given;
        else if (given !== calls.EAGAIN) return false;
        moved ||= given > 0;
      }
      if (!moved || (isAll && flow.held === 0)) break;
      if (piece >= piecesAtOnce) {
        unfinished.add(connection);
        return true;
      }
    }
    if (flow.held > 0) return true;
    layAside(flow);
    if (!flow.ended || flow.closed) return true;
    flow.closed = true;
    calls.endWriting(flow.to); // one that is gone by then is told by its own end
    return true;
  };

  const goOn = (connection: Connection, concerns: (flow: Flow) => boolean, mayEnd: boolean) => {
    if (connection.broken) return;
    for (const flow of connection.flows) {
      if (concerns(flow) && !move(connection, flow, mayEnd)) return breakOff(connection);
    }
    if (connection.flows.every(flow => flow.closed)) forget(connection);
  };

  const hasBegun = (started: number) => started >= 0 || started === calls.EINPROGRESS;

  /** By the client's own address, or by one of this network where that cannot be. */
  const reach = ({ address, address6, port }: Listener, from: Uint8Array) => {
    const alike = [address, address6].find(each => each?.length === from.length);
    if (alike !== undefined && keepsAddress(from)) {
      const attempt = calls.connect(alike, port, from);
      if (hasBegun(attempt.started)) return attempt;
      if (attempt.fd >= 0) calls.close(attempt.fd);
    }
    return calls.connect(address, port);
  };

  const meet = (listener: Listener, client: number, from: Uint8Array) => {
    const { fd: inside, started } = reach(listener, from);
    if (inside < 0 || !hasBegun(started)) {
      calls.resetAtClose(client);
      for (const fd of [client, inside]) if (fd >= 0) closeLater(fd);
      return;
    }
    const flow = (from: number, to: number): Flow => ({
      ...{ from, to, pipe: undefined, held: 0, ended: false, closed: false },
    });
    const connection: Connection = {
      ...{ listener, client, inside, connected: false, broken: false },
      flows: [flow(client, inside), flow(inside, client)],
    };
    listener.connections.add(connection);
    for (const fd of [client, inside]) {
      calls.hurry(fd);
      connections.set(fd, connection);
      calls.watch(poll, fd, 'once');
    }
  };

  const take = (listener: Listener) => {
    for (let i = 0; i < acceptedAtOnce; i++) {
      const { fd: client, client: from } = calls.accept(listener.fd);
      if (client >= 0) {
        meet(listener, client, from);
        continue;
      }
      if (client === calls.EMFILE || client === calls.ENFILE) {
        calls.unwatch(poll, listener.fd);
        resting.add(listener);
      }
      return;
    }
  };

  const happened = (fd: number, what: number) => {
    if (fd === alarm) return calls.silence(alarm);
    const listener = listeners.get(fd);
    if (listener !== undefined) return take(listener);
    const connection = connections.get(fd);
    if (connection === undefined || connection.broken) return;
    if (what & FAILED && calls.errorOf(fd) !== 0) return breakOff(connection);
    if (!connection.connected) {
      if (fd !== connection.inside || !(what & WRITABLE)) return;
      connection.connected = true;
      return goOn(connection, () => true, true);
    }
    const [comes, mayGo] = [what & (READABLE | PEER_ENDED), what & WRITABLE];
    const concerns = ({ from, to, held }: Flow) =>
      from === fd ? comes !== 0 : to === fd && mayGo !== 0 && held > 0;
    goOn(connection, concerns, (what & PEER_ENDED) !== 0);
  };

  return {
    /** Who writes to it ends a `turn`. */
    alarm,
    /** Waits until something happens, and does what is to be done. */
    turn() {
      closeThose();
      const timeout = unfinished.size > 0 ? 0 : resting.size > 0 ? retryMs : idleMs;
      calls.wait(poll, timeout, happened);
      for (const listener of resting) calls.watch(poll, listener.fd, 'level');
      resting.clear();
      const later = [...unfinished];
      unfinished.clear();
      for (const connection of later) goOn(connection, () => true, true);
    },
    open({ open: fd, address, address6, port }: Extract<StreamOrder, { open: number }>) {
      const errno = calls.listen(fd, backlog);
      if (errno < 0) calls.close(fd);
      else {
        listeners.set(fd, { fd, address, address6, port, connections: new Set() });
        calls.watch(poll, fd, 'level');
      }
      tell({ port: fd, errno });
    },
    close(fd: number) {
      const listener = listeners.get(fd);
      if (listener !== undefined) {
        listeners.delete(fd);
        resting.delete(listener);
        for (const connection of [...listener.connections]) breakOff(connection);
        calls.close(fd);
        closeThose();
      }
      tell({ port: fd, errno: 0 });
    },
    /** Closes all that is left. */
    end() {
      for (const fd of [...listeners.keys()]) this.close(fd);
      for (const { read, write } of spare) closing.push(read, write);
      closing.push(poll, alarm);
      closeThose();
    },
  };
}
