import { closeSync, openSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { getSystemErrorName } from 'node:util';
import { PlimsollError } from '../../errors.ts';

/**
 * System calls that Node lacks. All native declarations of plimsoll are in this file and in stream-calls.ts: a wrong one is a
 * segfault.
 * Paths are bytes without a NUL. Every call throws an `Error` with an errno name in `code` when it fails.
 */
export interface Native {
  /** fsopen(2), close-on-exec. */
  fsopen(type: string): number;
  /** fsconfig(2) with FSCONFIG_SET_STRING: `value` has at most 255 bytes. */
  fsconfigString(context: number, key: string, value: Uint8Array): void;
  /** fsconfig(2) with FSCONFIG_SET_FLAG. */
  fsconfigFlag(context: number, key: string): void;
  /** fsconfig(2) with FSCONFIG_CMD_CREATE. */
  fsconfigCreate(context: number): void;
  /** fsmount(2), close-on-exec: a detached mount. */
  fsmount(context: number): number;
  /** move_mount(2): puts a detached mount on `target`. */
  moveMount(mount: number, target: Uint8Array): void;
  /** mount(2): `data` are the filesystem's options, at most 4095 bytes. */
  mount(source: string, target: Uint8Array, type: string, flags: number, data: Uint8Array): void;
  /** umount2(2) on a thread of its own: it may write out a whole filesystem. */
  umount2(target: Uint8Array, flags: number): Promise<void>;
  /** llistxattr(2), names as bytes between NULs; empty where the filesystem has none. */
  llistxattr(path: Uint8Array): Buffer;
  lgetxattr(path: Uint8Array, name: string): Buffer;
  lsetxattr(path: Uint8Array, name: string, value: Uint8Array): void;
  lremovexattr(path: Uint8Array, name: string): void;
  /**
   * openat2(2) with RESOLVE_IN_ROOT: opens `path` as a process whose root is the folder `root` would, also while others
   * change links meanwhile; never on another machine's terms (no magic links). Close-on-exec.
   */
  openInRoot(root: number, path: Uint8Array, flags: number): number;
  /** mknodat(2): `mode` with the type's bits; the device number is 0 for a fifo. */
  mknodat(folder: number, name: Uint8Array, mode: number, device: { major: number; minor: number }): void;
  /** unshare(2), for the calling thread alone. */
  unshare(flags: number): void;
  /** setns(2), for the calling thread alone. */
  setns(fd: number, type: number): void;
  /** A socket for rtnetlink(7) in the calling thread's network namespace, for good; close-on-exec. */
  routeSocket(): number;
  /**
   * A socket bound to an address (4 or 16 bytes) in the network namespace that libuv's threads are in, also once
   * this one has gone to another: `preloadThreads` must have been called before that. Close-on-exec, non-blocking; of
   * IPv6 it hears nothing else.
   */
  boundSocket(kind: 'tcp' | 'udp', address: Uint8Array, port: number): Promise<number>;
  /**
   * A datagram socket in the calling thread's network namespace that sends from an address (4 or 16 bytes) which need
   * not be one of this machine's: IP_TRANSPARENT of ip(7). Close-on-exec, non-blocking.
   */
  transparentSocket(address: Uint8Array): number;
  /** Sees that libuv has its threads: they stay in the namespaces that this one is in now. */
  preloadThreads(): Promise<void>;
  /** Makes the other end of a terminal pair usable, and tells its path; ioctl_tty(2). */
  unlockTerminal(master: number): string;
  /** Sets the size of a terminal pair. */
  resizeTerminal(master: number, size: { columns: number; rows: number }): void;
  /** Marks a folder as one whose folders have nothing to do with one another (`chattr +T`); ioctl_iflags(2). */
  markTopDirectory(folder: number): void;
  /** syncfs(2) on a thread of its own. */
  syncfs(fd: number): Promise<void>;
  /**
   * Connects to a unix socket of type SOCK_SEQPACKET, which Node refuses to open. `wrap` gets a descriptor of a stream
   * socket to make its object of; before this returns, the connection takes that descriptor's
   * place, and does not block. The object must not read until then.
   */
  seqpacketSocket<T extends { destroy(): unknown }>(path: string, wrap: (fd: number) => T): T;
  /** recv(2) with MSG_DONTWAIT: the next packet's bytes, 0 at the end, -1 where nothing waits, or the connection has failed. */
  receive(fd: number, into: Uint8Array): number;
  /** Who is at the other end of a unix socket, as the kernel knows it: SO_PEERCRED of unix(7). */
  peerCredentials(fd: number): { pid: number; uid: number; gid: number };
  /** Has an open file outlive execve(2): Node sets close-on-exec on whatever it is started with. */
  keepAcrossExec(fd: number): void;
  /** Sends one datagram to a unix socket; a path that begins with `@` is an abstract name. */
  sendDatagram(path: string, message: Uint8Array): void;
}

let loading: Promise<Native> | undefined;

/** Loads the native calls, once. Throws `unavailable` where there is no build of koffi for this machine. */
export function preloadNative(): Promise<Native> {
  loading ??= importKoffi().then(declare);
  return loading;
}

/** The native calls, or nothing where there is no build of koffi: for callers that have a host tool to fall back on. */
export async function nativeIfThere(): Promise<Native | undefined> {
  return await preloadNative().catch(() => undefined);
}

/** mount(2). */
export const MS_NOSUID = 2;
export const MS_NODEV = 4;
export const MS_BIND = 0x1000;
export const MS_REC = 0x4000;
export const MS_SHARED = 1 << 20;
/** unshare(2) and setns(2). */
export const CLONE_NEWNET = 0x40000000;

/** umount2(2): take it out of the tree at once, tidy up when the last user is gone. */
export const MNT_DETACH = 2;
/** umount2(2): do not follow a symbolic link at the target. */
export const UMOUNT_NOFOLLOW = 8;

// Numbers from 424 up are the same on every architecture. Called by number: glibc has wrappers only since 2.36.
const SYS = { move_mount: 429, fsopen: 430, fsconfig: 431, fsmount: 432, openat2: 437 } as const;
/** Older than that: every architecture has its own, but those of this century share one. */
const SYS_mknodat = process.arch === 'x64' ? 259 : 33;
const SYS_ioctl = process.arch === 'x64' ? 16 : 29;
const TIOC = { setWindowSize: 0x5414, getNumber: 0x80045430, setLock: 0x40045431 } as const;
const FIONBIO = 0x5421;
const FS_IOC = { getFlags: 0x80086601, setFlags: 0x40086602 } as const;
const FS_TOPDIR_FL = 0x20000;
const RESOLVE = { noMagiclinks: 2, inRoot: 16 } as const;
const FSCONFIG = { setFlag: 0, setString: 1, create: 6 } as const;
const CLOEXEC = 1; // FSOPEN_CLOEXEC and FSMOUNT_CLOEXEC
const MOVE_MOUNT_F_EMPTY_PATH = 4;
const AT_FDCWD = -100;
// socket(2); the numbers of every architecture but MIPS, Alpha, SPARC and PA-RISC.
const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const AF_NETLINK = 16;
const NETLINK_ROUTE = 0;
const SOL_NETLINK = 270;
const NETLINK_EXT_ACK = 11;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_PEERCRED = 17;
/** ip(7). */
export const IPPROTO_IP = 0;
const IP_TRANSPARENT = 19;
const IPV6_TRANSPARENT = 75;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;
const MSG_NOSIGNAL = 0x4000;
const MSG_DONTWAIT = 0x40;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_RAW = 3;
const SOCK_SEQPACKET = 5;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const O_CLOEXEC = SOCK_CLOEXEC;
const O_PATH = 0o10000000;

function declare(koffi: Koffi): Native {
  const libc = koffi.load(null); // libc is in the process already, whatever its file is called
  const syscall4 = libc.func('syscall', 'long', ['long', 'const char *', 'long', 'long']);
  const syscallMount = libc.func('syscall', 'long', ['long', 'int', 'uint', 'uint']);
  const syscallConfig = libc.func('syscall', 'long', [
    'long',
    'int',
    'uint',
    'const char *',
    'const void *',
    'int',
  ]);
  const syscallMove = libc.func('syscall', 'long', [
    'long',
    'int',
    'const char *',
    'int',
    'const void *',
    'uint',
  ]);
  const syscallOpen = libc.func('syscall', 'long', ['long', 'int', 'const void *', 'const void *', 'size_t']);
  const syscallIoctl = libc.func('syscall', 'long', ['long', 'int', 'ulong', 'void *']);
  const syscallNode = libc.func('syscall', 'long', ['long', 'int', 'const void *', 'uint', 'uint']);
  const mount = libc.func('mount', 'int', [
    'const char *',
    'const void *',
    'const char *',
    'ulong',
    'const void *',
  ]);
  const unshare = libc.func('unshare', 'int', ['int']);
  const setns = libc.func('setns', 'int', ['int', 'int']);
  const umount2 = libc.func('umount2', 'int', ['const void *', 'int']);
  const llistxattr = libc.func('llistxattr', 'long', ['const void *', 'void *', 'size_t']);
  const lgetxattr = libc.func('lgetxattr', 'long', ['const void *', 'const char *', 'void *', 'size_t']);
  const lsetxattr = libc.func('lsetxattr', 'int', [
    'const void *',
    'const char *',
    'const void *',
    'size_t',
    'int',
  ]);
  const lremovexattr = libc.func('lremovexattr', 'int', ['const void *', 'const char *']);
  const syncfs = libc.func('syncfs', 'int', ['int']);

  const socket = libc.func('socket', 'int', ['int', 'int', 'int']);
  const setsockopt = libc.func('setsockopt', 'int', ['int', 'int', 'int', 'const void *', 'uint']);
  const socketpair = libc.func('socketpair', 'int', ['int', 'int', 'int', 'void *']);
  const bind = libc.func('bind', 'int', ['int', 'const void *', 'uint']);
  const connect = libc.func('connect', 'int', ['int', 'const void *', 'uint']);
  const getsockopt = libc.func('getsockopt', 'int', ['int', 'int', 'int', 'void *', 'void *']);
  const recv = libc.func('recv', 'long', ['int', 'void *', 'size_t', 'int']);
  const sendto = libc.func('sendto', 'long', [
    'int',
    'const void *',
    'size_t',
    'int',
    'const void *',
    'uint',
  ]);
  const dup3 = libc.func('dup3', 'int', ['int', 'int', 'int']);

  const check = (call: string, result: number): number => {
    if (result < 0) throw systemError(call, koffi.errno());
    return result;
  };
  const scratch = Buffer.alloc(4096);
  const nothing = Buffer.alloc(0);
  /** Calls with a buffer that is most often large enough, else with one of the size that the kernel names. */
  const sized = (call: string, ask: (buffer: Buffer | null, size: number) => number): Buffer => {
    const length = ask(scratch, scratch.length);
    if (length === 0) return nothing;
    if (length > 0) return Buffer.from(scratch.subarray(0, length));
    if (koffi.errno() !== koffi.os.errno.ERANGE) throw systemError(call, koffi.errno());
    const buffer = Buffer.alloc(check(call, ask(null, 0)));
    return buffer.subarray(0, check(call, ask(buffer, buffer.length)));
  };

  return {
    fsopen: type => check('fsopen', syscall4(SYS.fsopen, type, CLOEXEC, 0)),
    fsconfigString: (context, key, value) =>
      void check(
        'fsconfig',
        syscallConfig(SYS.fsconfig, context, FSCONFIG.setString, key, terminated(value), 0),
      ),
    fsconfigFlag: (context, key) =>
      void check('fsconfig', syscallConfig(SYS.fsconfig, context, FSCONFIG.setFlag, key, null, 0)),
    fsconfigCreate: context =>
      void check('fsconfig', syscallConfig(SYS.fsconfig, context, FSCONFIG.create, null, null, 0)),
    fsmount: context => check('fsmount', syscallMount(SYS.fsmount, context, CLOEXEC, 0)),
    moveMount: (mount, target) =>
      void check(
        'move_mount',
        syscallMove(SYS.move_mount, mount, '', AT_FDCWD, terminated(target), MOVE_MOUNT_F_EMPTY_PATH),
      ),
    mount: (source, target, type, flags, data) =>
      void check('mount', mount(source, terminated(target), type, flags, terminated(data))),
    unshare: flags => void check('unshare', unshare(flags)),
    setns: (fd, type) => void check('setns', setns(fd, type)),
    routeSocket: () => {
      const fd = check('socket', socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
      setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, Uint8Array.of(1, 0, 0, 0), 4); // else errors come without words
      return fd;
    },
    umount2: async (target, flags) => {
      const path = terminated(target);
      // Why it failed, only that thread knows; so ask for the same again, on this one.
      if ((await elsewhere(umount2, path, flags)) < 0) check('umount2', umount2(path, flags));
    },
    llistxattr: path => {
      const name = terminated(path);
      try {
        return sized('llistxattr', (buffer, size) => llistxattr(name, buffer, size));
      } catch (error) {
        if ((error as { code?: string }).code === 'EOPNOTSUPP') return Buffer.alloc(0);
        throw error;
      }
    },
    lgetxattr: (path, name) => {
      const file = terminated(path);
      return sized('lgetxattr', (buffer, size) => lgetxattr(file, name, buffer, size));
    },
    lsetxattr: (path, name, value) =>
      void check('lsetxattr', lsetxattr(terminated(path), name, value, value.length, 0)),
    lremovexattr: (path, name) => void check('lremovexattr', lremovexattr(terminated(path), name)),
    openInRoot: (root, path, flags) => {
      const how = Buffer.alloc(24); // struct open_how: flags, mode, resolve
      how.writeBigUInt64LE(BigInt(flags | O_CLOEXEC), 0);
      how.writeBigUInt64LE(BigInt(RESOLVE.inRoot | RESOLVE.noMagiclinks), 16);
      const name = terminated(path);
      for (let attempt = 0; ; attempt++) {
        const fd = syscallOpen(SYS.openat2, root, name, how, how.length);
        // Somebody renames folders on the way: openat2(2) says to try again.
        if (fd < 0 && koffi.errno() === koffi.os.errno.EAGAIN && attempt < 100) continue;
        return check('openat2', fd);
      }
    },
    mknodat: (folder, name, mode, { major, minor }) => {
      const device = (minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12);
      check('mknodat', syscallNode(SYS_mknodat, folder, terminated(name), mode, device >>> 0));
    },
    boundSocket: async (kind, address, port) => {
      const family = address.length === 16 ? AF_INET6 : AF_INET;
      const type = (kind === 'tcp' ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK;
      const fd = await elsewhere(socket, family, type, 0);
      if (fd < 0) throw systemError('socket', koffi.os.errno.EMFILE ?? 24); // that thread knows why: most often this
      try {
        const yes = Uint8Array.of(1, 0, 0, 0);
        if (kind === 'tcp') check('setsockopt', setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, yes, 4));
        if (family === AF_INET6) check('setsockopt', setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, yes, 4));
        const name = internetAddress(family, address, port);
        check('bind', bind(fd, name, name.length));
        return fd;
      } catch (error) {
        closeSync(fd);
        throw error;
      }
    },
    transparentSocket: address => {
      const family = address.length === 16 ? AF_INET6 : AF_INET;
      const fd = check('socket', socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      try {
        const yes = Uint8Array.of(1, 0, 0, 0);
        check('setsockopt', setsockopt(fd, ...transparency(address), yes, 4));
        const name = internetAddress(family, address, 0);
        check('bind', bind(fd, name, name.length));
        return fd;
      } catch (error) {
        closeSync(fd);
        throw error;
      }
    },
    preloadThreads: async () => {
      closeSync(await elsewhere(socket, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    },
    unlockTerminal: master => {
      check('ioctl', syscallIoctl(SYS_ioctl, master, TIOC.setLock, Buffer.alloc(4)));
      const number = Buffer.alloc(4);
      check('ioctl', syscallIoctl(SYS_ioctl, master, TIOC.getNumber, number));
      return `/dev/pts/${number.readUInt32LE(0)}`;
    },
    resizeTerminal: (master, { columns, rows }) => {
      const size = Buffer.alloc(8); // struct winsize
      size.writeUInt16LE(rows, 0);
      size.writeUInt16LE(columns, 2);
      check('ioctl', syscallIoctl(SYS_ioctl, master, TIOC.setWindowSize, size));
    },
    markTopDirectory: folder => {
      const flags = Buffer.alloc(8); // an int, for which the call is declared with a long
      check('ioctl', syscallIoctl(SYS_ioctl, folder, FS_IOC.getFlags, flags));
      const before = flags.readUInt32LE(0);
      if ((before & FS_TOPDIR_FL) !== 0) return;
      flags.writeUInt32LE(before | FS_TOPDIR_FL, 0);
      check('ioctl', syscallIoctl(SYS_ioctl, folder, FS_IOC.setFlags, flags));
    },
    syncfs: async fd => {
      if ((await elsewhere(syncfs, fd)) < 0) throw systemError('syncfs', koffi.os.errno.EIO ?? 5); // that thread knows why
    },
    receive: (fd, into) => Number(recv(fd, into, into.length, MSG_DONTWAIT)),
    peerCredentials: fd => {
      const [found, length] = [Buffer.alloc(12), Buffer.alloc(4)];
      length.writeUInt32LE(found.length);
      check('getsockopt', getsockopt(fd, SOL_SOCKET, SO_PEERCRED, found, length));
      return { pid: found.readInt32LE(0), uid: found.readUInt32LE(4), gid: found.readUInt32LE(8) };
    },
    keepAcrossExec: fd => {
      const other = openSync('/dev/null', 'r');
      check('dup3', dup3(fd, other, O_CLOEXEC));
      check('dup3', dup3(other, fd, 0));
      closeSync(other);
    },
    sendDatagram: (path, message) => {
      const name = Buffer.from(path.replace(/^@/, '\0'));
      const address = unixAddress(path).subarray(0, 2 + name.length);
      name.copy(address, 2);
      const from = check('socket', socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
      try {
        check('sendto', Number(sendto(from, message, message.length, MSG_NOSIGNAL, address, address.length)));
      } finally {
        closeSync(from);
      }
    },
    seqpacketSocket: (path, wrap) => {
      const connection = check('socket', socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
      const folder = openSync(dirname(path), O_PATH);
      try {
        // By the folder, as the whole path may be longer than an address can be.
        const address = unixAddress(`/proc/self/fd/${folder}/${basename(path)}`);
        check('connect', connect(connection, address, address.length));
        // Only now: it waits for its turn. Node's calls must not: a process that reads no input would stop everything.
        check('ioctl', syscallIoctl(SYS_ioctl, connection, FIONBIO, Uint8Array.of(1, 0, 0, 0)));
        const pair = Buffer.alloc(8);
        check('socketpair', socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
        const [given, other] = [pair.readInt32LE(0), pair.readInt32LE(4)];
        const wrapped = wrap(given);
        try {
          check('dup3', dup3(connection, given, O_CLOEXEC));
        } catch (error) {
          wrapped.destroy();
          throw error;
        } finally {
          closeSync(other);
        }
        return wrapped;
      } finally {
        closeSync(folder);
        closeSync(connection);
      }
    },
  };
}

/** Calls a function of libc on another thread. */
function elsewhere(call: KoffiFunction, ...args: readonly unknown[]): Promise<number> {
  return new Promise((resolve, reject) => {
    call.async(...args, (error: Error | null, result: number) =>
      error === null ? resolve(result) : reject(error),
    );
  });
}

/** Level and name of the option by which a socket comes from an address (4 or 16 bytes) that is not the machine's. */
export function transparency(address: Uint8Array): [level: number, option: number] {
  return address.length === 16 ? [IPPROTO_IPV6, IPV6_TRANSPARENT] : [IPPROTO_IP, IP_TRANSPARENT];
}

/** struct sockaddr_in of ip(7), struct sockaddr_in6 of ipv6(7). */
export function internetAddress(family: number, address: Uint8Array, port: number): Buffer {
  const name = Buffer.alloc(family === AF_INET6 ? 28 : 16);
  name.writeUInt16LE(family, 0);
  name.writeUInt16BE(port, 2);
  name.set(address, family === AF_INET6 ? 8 : 4);
  return name;
}

/** struct sockaddr_un, unix(7). Its path has room for 107 bytes. */
function unixAddress(path: string): Buffer {
  const bytes = Buffer.from(path);
  if (bytes.length > 107)
    throw Object.assign(new Error(`connect: the path "${path}" is too long`), { code: 'ENAMETOOLONG' });
  const address = Buffer.alloc(110);
  address.writeUInt16LE(AF_UNIX, 0);
  bytes.copy(address, 2);
  return address;
}

type Koffi = typeof import('koffi').default;
type KoffiFunction = ReturnType<ReturnType<Koffi['load']>['func']>;

/**
 * Its native part alone, which is all of it that is used here, is there in 3 ms; its own loader, which looks for that
 * part, takes seven times as long, and every call of plimsoll that mounts something waits for it.
 */
export async function importKoffi(): Promise<Koffi> {
  try {
    return nativePart() ?? (await import('koffi')).default;
  } catch (error) {
    throw new PlimsollError('unavailable', 'the native library "koffi" cannot be loaded on this machine', {
      code: 'NATIVE_MISSING',
      hint: "install plimsoll's dependencies again with 'npm install', for this processor and C library",
      cause: error,
    });
  }
}

/** Undefined where there is none for this processor and glibc: then koffi's own loader knows better. */
function nativePart(): Koffi | undefined {
  try {
    const { resolve } = createRequire(import.meta.url);
    const folder = dirname(resolve(`@koromix/koffi-linux-${process.arch}/package.json`));
    const part: { exports: Partial<Koffi> } = { exports: {} };
    process.dlopen(part, join(folder, `linux_${process.arch}`, 'koffi.node'));
    return part.exports.load === undefined ? undefined : (part.exports as Koffi);
  } catch {
    return undefined;
  }
}

function terminated(bytes: Uint8Array): Buffer {
  return Buffer.concat([bytes, zero]);
}

const zero = Buffer.alloc(1);

function systemError(call: string, errno: number): Error {
  const code = getSystemErrorName(-errno);
  return Object.assign(new Error(`${call}: ${code}`), { code, errno: -errno, syscall: call });
}
