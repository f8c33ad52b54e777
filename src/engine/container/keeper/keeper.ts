import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  adopt,
  identify,
  isAlive,
  namesIn,
  type ProcessIdentity,
  replaceFile,
  start,
} from '../../kernel/index.ts';
import type { Runtime } from '../../runtime/index.ts';
import type { Root } from '../../store/index.ts';
import { keeperScript } from './keeper-script.ts';

/** The process of a root that looks after its containers while no plimsoll runs; see `keeperScript`. */
export interface Keeper {
  /** Sees that it runs, if there are containers for it. Never fails. */
  ensure(): void;
  /** True while it runs, or this process has just started it. */
  isAlive(): boolean;
  /** Tells it that something has changed, if it runs. */
  wake(): void;
}

export interface KeeperOptions {
  readonly root: Root;
  readonly runtime: () => Runtime;
  /** plimsoll's own command line; empty: there never is a keeper. */
  readonly self: readonly string[];
}

export function createKeeper({ root, runtime, self }: KeeperOptions): Keeper {
  const folder = join(root.runDir, 'keeper');
  let launched: (ProcessIdentity & { readonly at: number }) | undefined;
  const isThere = () => {
    if (isSignedOn(join(folder, 'pid'))) return true;
    // It needs a moment to sign on; and it may be leaving again, if its containers were as short as that.
    return launched !== undefined && isAlive(launched) && modified(join(folder, 'left')) < launched.at;
  };
  const wake = () => writeLine(join(folder, 'fifo'), 'scan\n');
  const launch = () => {
    const { path, globalArgs } = runtime();
    const [state = '', ...flags] = globalArgs;
    const plimsoll = [...self, 'internal', '--root', root.dataDir];
    const script = join(folder, 'keeper.sh');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    // A file: the kernel and ps(1) would keep a copy of any argument. That of an earlier plimsoll may be another.
    if (!isFileWith(script, keeperScript)) replaceFile(script, keeperScript);
    const args = [root.runDir, root.dataDir, path, state, flags.join(' '), ...plimsoll];
    // A session of its own: neither a hangup nor Ctrl-C reaches it.
    const options = { cwd: '/', detached: true, stdio: 'ignore' } as const;
    const at = Date.now(); // as the times of files
    const child = start('/bin/sh', [script, ...args], options);
    child.on('error', () => {}); // the next call tries again
    if (child.pid !== undefined) {
      const identity = identify(child.pid);
      launched = identity === undefined ? undefined : { ...identity, at };
      void adopt(root.id, child.pid); // never fails
    }
    child.unref();
  };
  return {
    isAlive: isThere,
    wake,
    ensure() {
      if (self.length === 0 || !hasContainers(root)) return;
      if (isThere()) return;
      try {
        launch();
      } catch {
        // no runtime, no processes left: the next call tries again
      }
    },
  };
}

/** A run of a container has a folder of its name. */
function hasContainers(root: Root): boolean {
  return namesIn(join(root.runDir, 'containers')).some(name => name.length === 64);
}

function isFileWith(path: string, content: string): boolean {
  return existsSync(path) && readFileSync(path, 'utf8') === content;
}

function isSignedOn(file: string): boolean {
  try {
    const [pid = 0, startTime = 0] = readFileSync(file, 'utf8').split(' ').map(Number);
    return isAlive({ pid, startTime });
  } catch {
    return false;
  }
}

/** Milliseconds since the epoch; of what is not there, the beginning of time. */
function modified(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Number.NEGATIVE_INFINITY;
}

/** Never waits: without a reader there is nobody to tell. */
function writeLine(fifo: string, line: string): void {
  try {
    const fd = openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK);
    try {
      writeSync(fd, line);
    } finally {
      closeSync(fd);
    }
  } catch {
    // ENOENT, ENXIO: no keeper. EAGAIN: it has a thousand lines to read, and scans anyway.
  }
}
