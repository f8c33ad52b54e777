import { loadLine } from '../../capacity/index.ts';
import type { ContainerUsage, StatsFrame } from '../../engine/index.ts';
import { rereads } from './capacity.ts';
import type { Command, Next } from './messages.ts';
import { currentTab, selectedContainer } from './selectors.ts';
import { emptyHistory, type History, historyLength, type State } from './state.ts';

/** Takes in one frame of figures: the load line, what each container uses, and the histories. */
export function onFrame(state: State, frame: StatsFrame, own: State['own'] | undefined): Next {
  const limits = new Map(state.containers.map(container => [container.id, container.limits]));
  const histories = new Map<string, History>();
  const usages: State['usages'] =
    frame.neighbours === undefined ? frame.containers : new Map([...frame.containers, ...frame.neighbours]);
  for (const [id, usage] of usages) histories.set(id, extend(state.histories.get(id) ?? emptyHistory, usage));
  const next: State = {
    ...state,
    now: frame.host.time,
    frameTime: frame.host.time,
    host: frame.host,
    load: loadLine(frame, limits),
    usages,
    neighbours: frame.neighbours,
    histories,
    hostHistory: {
      ...emptyHistory,
      cpuCores: push(state.hostHistory.cpuCores, frame.host.cpuCores),
      memoryBytes: push(state.hostHistory.memoryBytes, frame.host.memoryUsedBytes),
    },
    own: own ?? state.own,
  };
  return [next, [...refreshes(next), ...rereads(next)]];
}

/** A list of processes is only true for a moment: while it is looked at, it is read with each frame. */
function refreshes(state: State): Command[] {
  const container = selectedContainer(state);
  if (state.noun !== 'containers' || currentTab(state) !== 'top' || container?.state.status !== 'running')
    return [];
  return [{ type: 'read-processes', container: container.id }];
}

function extend(history: History, usage: ContainerUsage): History {
  return {
    cpuCores: push(history.cpuCores, usage.cpuCores),
    memoryBytes: push(history.memoryBytes, usage.memory.workingSetBytes),
    rxPerSecond: push(history.rxPerSecond, usage.networkRxPerSecond),
    txPerSecond: push(history.txPerSecond, usage.networkTxPerSecond),
    readPerSecond: push(history.readPerSecond, usage.blockReadPerSecond),
    writePerSecond: push(history.writePerSecond, usage.blockWritePerSecond),
  };
}

function push(values: readonly number[], value: number): readonly number[] {
  return [...values.slice(1 - historyLength), value];
}
