import type { AlertWatchOptions } from '../../capacity/index.ts';
import { type Engine, lackedTools } from '../../engine/index.ts';
import { isPlimsollError } from '../../errors.ts';
import { cleanText, cleanValue } from '../../lib/clean-text.ts';
import { type Command, failureNotice, lackNotice, type Msg, type Target } from '../model/index.ts';
import { readCapacity, readUndoable, readWhy } from './capacity.ts';
import { followBuild, followLogs } from './follow.ts';
import { Operations } from './operations.ts';
import { createOwnUsage } from './own-usage.ts';
import { saveFile } from './save-file.ts';
import { subscribe } from './subscriptions.ts';

/** What the effects need of the terminal and of the program; given by the app. */
export interface Host {
  quit(): void;
  redraw(): void;
  /** Stops the whole program until the shell wakes it. */
  suspend(): Promise<void>;
  /** Leaves the screen to something else while it runs. */
  lend(work: () => Promise<void>): Promise<void>;
  copy(text: string): void;
  /** Rings the bell of the terminal. */
  ring(): void;
  rememberBell(bell: boolean): void;
  /** What to tell of, as far as the user has chosen. */
  readonly alerts?: () => Promise<Partial<AlertWatchOptions>>;
  remember(form: 'build' | 'run', values: Readonly<Record<string, string>>): void;
  /** The five services of the demo, if this program has them. */
  readonly demo?: DemoControl;
}

/** Starts and removes the demo. */
export interface DemoControl {
  up(engine: Engine, options: { signal: AbortSignal; onProgress: (line: string) => void }): Promise<void>;
  down(engine: Engine, options: { signal: AbortSignal; onProgress: (line: string) => void }): Promise<void>;
}

/** The only caller of the engine: turns commands into calls, and what the engine says into messages. */
export class Effects {
  readonly #dispatch: (msg: Msg) => void;
  readonly #host: Host;
  readonly #operations: Operations;
  readonly #stop = new AbortController();
  #engine: Engine | undefined;
  #logs: AbortController | undefined;
  #build: AbortController | undefined;
  #waste: AbortController | undefined;

  constructor(dispatch: (msg: Msg) => void, host: Host) {
    this.#dispatch = dispatch;
    this.#host = host;
    this.#operations = new Operations(dispatch);
  }

  /** Opens the engine and keeps the picture of it true. A failure is shown, and the dashboard stays. */
  async open(engine: Promise<Engine>): Promise<void> {
    try {
      this.#engine = await engine;
    } catch (error) {
      this.#dispatch({ type: 'engine-failed', notice: failureNotice(error, Date.now()) });
      return;
    }
    if (this.#stop.signal.aborted) return;
    const { link } = this.#engine;
    this.#dispatch({
      type: 'engine-opened',
      ...(link === undefined ? {} : { remote: cleanValue({ ...link, lost: link.lost() }) }),
    });
    if (link === undefined) this.#examineMachine();
    subscribe(this.#engine, {
      ...{ dispatch: this.#dispatch, own: createOwnUsage(), signal: this.#stop.signal },
      alerts: await this.#chosenAlerts(),
    });
  }

  /** What cannot be understood is said, and the usual rules hold: a wrong line shall not cost the picture. */
  async #chosenAlerts(): Promise<Partial<AlertWatchOptions>> {
    try {
      return (await this.#host.alerts?.()) ?? {};
    } catch (error) {
      this.#dispatch({ type: 'noticed', notice: failureNotice(error, Date.now()) });
      return {};
    }
  }

  #examineMachine(): void {
    const lacked = lackedTools(process.env.PATH);
    if (lacked.length > 0) this.#dispatch({ type: 'noticed', notice: lackNotice(lacked, Date.now()) });
  }

  /** Stops watching, and cancels what is in progress. Containers run on. */
  close(): void {
    this.#stop.abort();
    this.#logs?.abort();
    this.#build?.abort();
    this.#waste?.abort();
    this.#operations.cancelAll();
  }

  run(command: Command): void {
    switch (command.type) {
      case 'quit':
        this.#host.quit();
        break;
      case 'redraw':
        this.#host.redraw();
        break;
      case 'ring':
        this.#host.ring();
        break;
      case 'suspend':
        this.#watch(this.#host.suspend());
        break;
      case 'copy':
        this.#host.copy(command.text);
        break;
      case 'save-lines':
      case 'save-text':
        this.#watch(saveFile(command).then(this.#dispatch));
        break;
      case 'remember':
        this.#host.remember(command.form, command.values);
        break;
      case 'remember-bell':
        this.#host.rememberBell(command.bell);
        break;
      case 'cancel-operations':
        this.#operations.cancelAll();
        break;
      case 'cancel-build':
        this.#cancelBuild(command.build);
        break;
      default:
        if (this.#engine !== undefined) this.#runOn(this.#engine, command);
    }
  }

  #runOn(engine: Engine, command: Command): void {
    switch (command.type) {
      case 'follow-logs':
        this.#logs?.abort();
        this.#logs = new AbortController();
        this.#watch(followLogs(engine, command, this.#dispatch, this.#logs.signal), this.#logs.signal);
        break;
      case 'follow-build':
        this.#build?.abort();
        this.#build = new AbortController();
        this.#watch(
          followBuild(engine, command.build, this.#dispatch, this.#build.signal),
          this.#build.signal,
        );
        break;
      case 'read-details':
        this.#read(() => ({
          type: 'details-read',
          details: cleanValue(engine.containers.inspect(command.container)),
        }));
        break;
      case 'read-image':
        this.#read(() => ({
          type: 'image-read',
          image: cleanValue(engine.images.inspect(command.image)),
        }));
        break;
      case 'read-waste':
        this.#waste?.abort();
        this.#waste = new AbortController();
        this.#watch(readWaste(engine, command.image, this.#dispatch, this.#waste.signal), this.#waste.signal);
        break;
      case 'read-processes':
        this.#watch(readProcesses(engine, command.container).then(this.#dispatch));
        break;
      case 'read-capacity':
        this.#read(() => readCapacity(engine, command.windowMs, command.frame));
        break;
      case 'read-why':
        this.#read(() => readWhy(engine, command.target, Date.now()));
        break;
      case 'read-undoable':
        this.#read(() => readUndoable(engine));
        break;
      case 'shell':
        this.#watch(this.#host.lend(() => openShell(engine, command.target)));
        break;
      case 'failed-shell':
        this.#watch(this.#host.lend(() => openFailedShell(engine, command)));
        break;
      case 'demo':
        this.#demo(engine, command.direction);
        break;
      default:
        this.#operations.start(engine, command);
    }
  }

  #read(read: () => Msg): void {
    try {
      this.#dispatch(read());
    } catch (error) {
      this.#dispatch({ type: 'noticed', notice: failureNotice(error, Date.now()) });
    }
  }

  #watch(work: Promise<void>, signal: AbortSignal = this.#stop.signal): void {
    work.catch((error: unknown) => {
      if (!signal.aborted) this.#dispatch({ type: 'noticed', notice: failureNotice(error, Date.now()) });
    });
  }

  #cancelBuild(build: string): void {
    if (this.#operations.cancelBuild(build)) return;
    const text = 'That build runs in another process';
    this.#dispatch({
      type: 'noticed',
      notice: { tone: 'warn', text, hint: 'cancel it there', time: Date.now() },
    });
  }

  #demo(engine: Engine, direction: 'up' | 'down'): void {
    const { demo } = this.#host;
    if (demo === undefined) return;
    const label = direction === 'up' ? 'starting the demo' : 'removing the demo';
    this.#operations.run(label, async ({ signal, progress }) => {
      await demo[direction](engine, { signal, onProgress: progress });
      return direction === 'up' ? 'The demo runs' : 'The demo is gone';
    });
  }
}

async function readProcesses(engine: Engine, container: string): Promise<Msg> {
  try {
    const list = await engine.containers.top(container);
    return { type: 'processes-read', id: container, list: cleanValue(list) };
  } catch (error) {
    return { type: 'processes-read', id: container, list: [], error: failureNotice(error, 0).text };
  }
}

/** Bash where there is one, else sh; the terminal is the shell's until it ends. */
async function openShell(engine: Engine, target: Target): Promise<void> {
  process.stdout.write(`Shell in "${cleanText(target.name)}"; exit comes back to the dashboard.\n`);
  const env = [`TERM=${process.env.TERM ?? 'xterm'}`];
  const open = (shell: string) =>
    engine.containers.exec(target.id, { command: [shell], tty: true, stdio: 'inherit', env });
  try {
    await open('/bin/bash');
  } catch (error) {
    if (!isMissingCommand(error)) throw error;
    await open('/bin/sh');
  }
}

/** A shell in what a failed step of a build began with; what is done there is lost when it ends. */
async function openFailedShell(
  engine: Engine,
  { build, step }: { build: string; step: string },
): Promise<void> {
  const work = await engine.works.fromFailure(build);
  try {
    process.stdout.write(`Shell before ${cleanText(step)}; exit comes back to the dashboard.\n`);
    await engine.works.run(work.id, {
      args: ['/bin/sh', '-c', '[ -x /bin/bash ] && exec /bin/bash; exec /bin/sh'],
      env: { TERM: process.env.TERM ?? 'xterm' },
      terminal: true,
    });
  } finally {
    await engine.works.remove(work.id);
  }
}

function isMissingCommand(error: unknown): boolean {
  return isPlimsollError(error) && /^COMMAND_NOT_(FOUND|EXECUTABLE)$/.test(error.code);
}

/** What an image ships and never shows; engines elsewhere cannot tell. */
async function readWaste(
  engine: Engine,
  image: string,
  dispatch: (msg: Msg) => void,
  signal: AbortSignal,
): Promise<void> {
  try {
    const waste = await engine.images.waste(image, { files: 20, signal });
    if (!signal.aborted) dispatch({ type: 'waste-read', waste: cleanValue(waste) });
  } catch (error) {
    if (!isPlimsollError(error, 'not-implemented') && !isPlimsollError(error, 'not-found')) throw error;
  }
}
