import type { FleetMachine } from '../capacity/index.ts';
import type { FleetEvent, FleetSource } from './types.ts';

/** A fleet that is watched. Disposing of it ends every connection. */
export interface WatchedFleet extends AsyncDisposable {
  /** As they are known now, in the order in which they were named. */
  machines(): readonly FleetMachine[];
  /** Resolves when each source has said something, or has told why it cannot; false if the signal fired before. */
  complete(signal: AbortSignal): Promise<boolean>;
}

/** Watches all sources at once; one that fails does not concern the others. `onChange` is told of each event. */
export function watchFleet(
  sources: readonly FleetSource[],
  { onChange = () => {}, now = Date.now }: { onChange?: () => void; now?: () => number } = {},
): WatchedFleet {
  const machines = new Map<string, FleetMachine>(
    sources.flatMap(source => source.machines).map(machine => [machine.name, machine]),
  );
  const ending = new AbortController();
  const open = new Set(sources);
  const told: (() => void)[] = [];
  const watch = async (source: FleetSource) => {
    const emit = (event: FleetEvent) => {
      if (ending.signal.aborted) return;
      const before = machines.get(event.machine) ?? { name: event.machine };
      machines.set(event.machine, after(before, event, now()));
      open.delete(source);
      if (open.size === 0) for (const tell of told.splice(0)) tell();
      onChange();
    };
    await source.watch({ signal: ending.signal, emit });
  };
  const watching = sources.map(watch);
  return {
    machines: () => [...machines.values()],
    async complete(signal) {
      if (open.size > 0 && !signal.aborted)
        await new Promise<void>(resolve => {
          told.push(resolve);
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
      return open.size === 0;
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      await Promise.all(watching);
    },
  };
}

/** What was known stays known: a machine that falls silent keeps its last figures. */
function after(before: FleetMachine, event: FleetEvent, now: number): FleetMachine {
  if (event.type === 'silent') return { ...before, problem: event.problem };
  const { problem: _, ...known } = before;
  return { ...known, report: event.report, seen: event.seen ?? now };
}
