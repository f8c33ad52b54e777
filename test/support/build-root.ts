import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type BuildKeeper,
  type BuildProgress,
  type BuildRequest,
  createBuildService,
  type WorkService,
} from '../../src/engine/build/index.ts';
import { createRuntime, removeCgroup } from '../../src/engine/runtime/index.ts';
import { type LayerRoot, openLayerRoot } from './layer-root.ts';

/** A root with real images and builds; its steps have no network. */
export interface BuildRoot extends LayerRoot {
  readonly builds: BuildKeeper;
  readonly works: WorkService;
  readonly context: string;
  /** Words of every command that a RUN step ran. */
  readonly commands: string[];
  write(path: string, content: string): void;
  build(dockerfile: string, request?: Partial<BuildRequest>): Promise<RootBuild>;
}

export interface RootBuild {
  readonly build: string;
  readonly image: string;
  readonly events: readonly BuildProgress[];
  /** `RUN make` to `cached`, or to the reason why it was not. */
  readonly steps: Readonly<Record<string, string>>;
}

/** Opens a root of its own. `fakeRun` takes the place of the runtime: it gets the command and the root filesystem. */
export function openBuildRoot(
  options: {
    fakeRun?: (args: readonly string[], rootfs: string) => number;
    registry?: Parameters<typeof openLayerRoot>[1];
    /** Milliseconds since the epoch. */
    clock?: () => number;
  } = {},
): BuildRoot {
  const layers = openLayerRoot(undefined, options.registry);
  const { root, db, images, snapshots, events } = layers;
  const commands: string[] = [];
  const builds = createBuildService({
    ...{ root, db, images, snapshots, events },
    ...(options.clock === undefined ? {} : { clock: options.clock }),
    networks: { connect: () => Promise.reject(new Error('no bridge here')), disconnect: async () => {} },
    runtime: () => ({
      runToEnd: async request => {
        const { args, rootfs } = request.process;
        commands.push(args.at(-1) ?? '');
        if (options.fakeRun !== undefined) return options.fakeRun(args, rootfs);
        return await createRuntime({ runDir: root.runDir }).runToEnd(request);
      },
    }),
  });
  const context = join(root.dataDir, 'tmp-context');
  mkdirSync(context);
  return {
    ...layers,
    builds,
    works: builds.works,
    context,
    commands,
    write: (path, content) => writeFileSync(join(context, path), content),
    build: async (dockerfile, request = {}) => {
      writeFileSync(join(context, 'Dockerfile'), dockerfile);
      const seen: BuildProgress[] = [];
      const onProgress = (event: BuildProgress) => void seen.push(event);
      const built = await builds.build({ context, network: 'none', onProgress, ...request });
      return { ...built, events: seen, steps: outcomesOf(seen) };
    },
    [Symbol.dispose]: () => {
      removeCgroup(`/plimsoll-${root.id}`);
      layers[Symbol.dispose]();
    },
  };
}

function outcomesOf(events: readonly BuildProgress[]): Record<string, string> {
  const names = new Map<number, string>();
  for (const event of events)
    if (event.kind === 'planned') for (const { id, name } of event.steps) names.set(id, name);
  return Object.fromEntries(
    events.flatMap(event => {
      if (event.kind !== 'step-finished') return [];
      const name = names.get(event.step)?.replace(/^\[[^\]]*\] /, '') ?? '';
      return [[name, event.cacheMiss ?? event.error ?? event.outcome]];
    }),
  );
}
