import { IPPROTO_IP, importKoffi, internetAddress, transparency } from './native.ts';

/**
 * System calls to hand streams of TCP on without copying them, for a thread that does nothing else: `wait` blocks it.
 * Descriptors are close-on-exec and do not block. Numbers below zero are the negative errno.
 */
export interface StreamCalls {
  readonly EAGAIN: number;
  readonly EINPROGRESS: number;
  readonly EMFILE: number;
  readonly ENFILE: number;
  /** eventfd(2): who writes eight bytes to it wakes up who waits for it. */
  alarm(): number;
  /** Until it is written to again. */
  silence(alarm: number): void;
  listen(fd: number, backlog: number): number;
  /** `client` is who has connected, 4 or 16 bytes; it is overwritten by the next call. */
  accept(listener: number): { readonly fd: number; readonly client: Uint8Array };
  /**
   * Begins to connect to an address of IPv4 or IPv6 (4 or 16 bytes). `started` is 0 or a negative errno, EINPROGRESS too.
   * `from` is an address of the same kind to come from, which need not be one of this machine's (IP_TRANSPARENT of ip(7)).
   */
  connect(
    address: Uint8Array,
    port: number,
    from?: Uint8Array,
  ): { readonly fd: number; readonly started: number };
  /** Sends each piece at once: TCP_NODELAY. */
  hurry(fd: number): void;
  /** The error that a socket has met; 0: none. */
  errorOf(fd: number): number;
  /** Makes the coming `close` a reset instead of an orderly end. */
  resetAtClose(fd: number): void;
  /** Says the last word: SHUT_WR of shutdown(2). */
  endWriting(fd: number): number;
  close(fd: number): void;
  /** A pipe that has room for `bytes`, if the user may have that much, in `pages` that each hold a byte at least (0: unknown). */
  pipe(bytes: number): { readonly read: number; readonly write: number; readonly pages: number } | number;
  /** splice(2), one of the two being a pipe. */
  splice(from: number, to: number, bytes: number): number;
  /** epoll_create1(2). */
  poll(): number;
  /** Has `fd` watched: for what comes (`once`: told anew only after more has come, and when it can be written to). */
  watch(poll: number, fd: number, how: 'level' | 'once'): number;
  unwatch(poll: number, fd: number): void;
  /** Waits until something happens, at most some milliseconds; calls `tell` for each descriptor. */
  wait(poll: number, timeoutMs: number, tell: (fd: number, happened: Happened) => void): void;
}

/** What epoll_wait(2) tells of a descriptor, as bits. */
export type Happened = number;
export const READABLE = 1;
export const WRITABLE = 4;
export const FAILED = 8;
/** The other end has said its last word. */
export const PEER_ENDED = 0x2000;

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM = 1;
const NONBLOCK = 0o4000; // SOCK_NONBLOCK, O_NONBLOCK and EFD_NONBLOCK
const CLOEXEC = 0o2000000; // SOCK_CLOEXEC, O_CLOEXEC, EFD_CLOEXEC and EPOLL_CLOEXEC
/** The port is chosen when it connects: one may serve many connections to different ones. */
const IP_BIND_ADDRESS_NO_PORT = 24;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const SOL_SOCKET = 1;
const SO_ERROR = 4;
const SO_LINGER = 13;
const SHUT_WR = 1;
const F_SETPIPE_SZ = 1031;
const SPLICE_F_MOVE = 1;
const SPLICE_F_NONBLOCK = 2;
const EPOLLET = 2 ** 31;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
/** struct epoll_event is packed on this architecture alone. */
const eventSize = process.arch === 'x64' ? 12 : 16;
const dataOffset = eventSize - 8;
const eventsAtOnce = 256;

/** Declares them. Throws `unavailable` where there is no build of koffi for this machine. */
export async function loadStreamCalls(): Promise<StreamCalls> {
  const koffi = await importKoffi();
  const libc = koffi.load(null);
  const int = (name: string, ...args: string[]) => libc.func(name, 'int', args);
  const eventfd = int('eventfd', 'uint', 'int');
  const read = libc.func('read', 'long', ['int', 'void *', 'size_t']);
  const listen = int('listen', 'int', 'int');
  const accept4 = int('accept4', 'int', 'void *', 'void *', 'int');
  const socket = int('socket', 'int', 'int', 'int');
  const bind = int('bind', 'int', 'const void *', 'uint');
  const connect = int('connect', 'int', 'const void *', 'uint');
  const setsockopt = int('setsockopt', 'int', 'int', 'int', 'const void *', 'uint');
  const getsockopt = int('getsockopt', 'int', 'int', 'int', 'void *', 'void *');
  const shutdown = int('shutdown', 'int', 'int');
  const close = int('close', 'int');
  const pipe2 = int('pipe2', 'void *', 'int');
  const fcntl = int('fcntl', 'int', 'int', 'long');
  const epollCreate = int('epoll_create1', 'int');
  const epollControl = int('epoll_ctl', 'int', 'int', 'int', 'void *');
  const epollWait = int('epoll_wait', 'int', 'void *', 'int', 'int');
  const splice = libc.func('splice', 'long', ['int', 'void *', 'int', 'void *', 'size_t', 'uint']);

  const said = (result: number) => (result < 0 ? -koffi.errno() : result);
  const yes = Uint8Array.of(1, 0, 0, 0);
  const lingerNot = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0); // struct linger: on, for no time
  const [number, length] = [Buffer.alloc(8), Buffer.alloc(4)];
  const [peer, peerLength] = [Buffer.alloc(28), Buffer.alloc(4)]; // struct sockaddr_in6 is the longest
  const event = Buffer.alloc(eventSize);
  const events = Buffer.alloc(eventSize * eventsAtOnce);
  return {
    EAGAIN: -(koffi.os.errno.EAGAIN ?? 11),
    EINPROGRESS: -(koffi.os.errno.EINPROGRESS ?? 115),
    EMFILE: -(koffi.os.errno.EMFILE ?? 24),
    ENFILE: -(koffi.os.errno.ENFILE ?? 23),
    silence: alarm => void read(alarm, number, 8),
    alarm: () => said(eventfd(0, NONBLOCK | CLOEXEC)),
    listen: (fd, backlog) => said(listen(fd, backlog)),
    accept: listener => {
      peerLength.writeUInt32LE(peer.length);
      const fd = said(accept4(listener, peer, peerLength, NONBLOCK | CLOEXEC));
      const client = peer.readUInt16LE(0) === AF_INET6 ? peer.subarray(8, 24) : peer.subarray(4, 8);
      return { fd, client };
    },
    connect: (address, port, from) => {
      const family = address.length === 16 ? AF_INET6 : AF_INET;
      const fd = said(socket(family, SOCK_STREAM | NONBLOCK | CLOEXEC, 0));
      if (fd < 0) return { fd, started: fd };
      if (from !== undefined) {
        const source = internetAddress(family, from, 0);
        const errno =
          setsockopt(fd, ...transparency(from), yes, 4) < 0 ||
          setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, yes, 4) < 0 ||
          bind(fd, source, source.length) < 0
            ? -koffi.errno()
            : 0;
        if (errno < 0) return { fd, started: errno };
      }
      const name = internetAddress(family, address, port);
      return { fd, started: said(connect(fd, name, name.length)) };
    },
    hurry: fd => void setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, yes, 4),
    errorOf: fd => {
      length.writeUInt32LE(4);
      return getsockopt(fd, SOL_SOCKET, SO_ERROR, number, length) < 0 ? 0 : number.readInt32LE(0);
    },
    resetAtClose: fd => void setsockopt(fd, SOL_SOCKET, SO_LINGER, lingerNot, 8),
    endWriting: fd => said(shutdown(fd, SHUT_WR)),
    close: fd => void close(fd),
    pipe: bytes => {
      const result = said(pipe2(number, NONBLOCK | CLOEXEC));
      if (result < 0) return result;
      const [read, write] = [number.readInt32LE(0), number.readInt32LE(4)];
      const size = fcntl(write, F_SETPIPE_SZ, bytes) as number;
      return { read, write, pages: size < 0 ? 0 : size / 4096 };
    },
    splice: (from, to, bytes) =>
      said(splice(from, null, to, null, bytes, SPLICE_F_MOVE | SPLICE_F_NONBLOCK) as number),
    poll: () => said(epollCreate(CLOEXEC)),
    watch: (poll, fd, how) => {
      event.writeUInt32LE(how === 'level' ? READABLE : READABLE + WRITABLE + PEER_ENDED + EPOLLET, 0);
      event.writeBigUInt64LE(BigInt(fd), dataOffset);
      return said(epollControl(poll, EPOLL_CTL_ADD, fd, event));
    },
    unwatch: (poll, fd) => void epollControl(poll, EPOLL_CTL_DEL, fd, event),
    wait: (poll, timeoutMs, tell) => {
      const count = epollWait(poll, events, eventsAtOnce, timeoutMs);
      for (let at = 0; at < count * eventSize; at += eventSize) {
        tell(events.readInt32LE(at + dataOffset), events.readUInt32LE(at));
      }
    },
  };
}
