import { csvLines } from '../../lib/csv-lines.ts';
import { isUp, type Row } from './selectors.ts';
import type { Noun, State } from './state.ts';

type Value = string | number | undefined;
type Columns<N extends Noun> = readonly (readonly [
  field: string,
  value: (item: Extract<Row, { noun: N }>['item'], state: State) => Value,
])[];

/** Rows of the list that is shown as comma-separated values: cores, bytes and seconds as numbers, times in ISO 8601. */
export function tableCsv(state: State, rows: readonly Row[]): string {
  const columns = columnsOf[state.noun] as Columns<Noun>;
  const cells = rows.map(({ item }) => columns.map(([, value]) => String(value(item as never, state) ?? '')));
  return csvLines([columns.map(([field]) => field), ...cells]);
}

const columnsOf: { readonly [N in Noun]: Columns<N> } = {
  containers: [
    ['Name', ({ name }) => name],
    ['Id', ({ id }) => id],
    ['Image', ({ imageName }) => imageName],
    ['State', ({ state: { status } }) => status],
    ['Health', ({ state: { health } }) => health?.status],
    ['ExitCode', one => (isUp(one) ? undefined : one.state.exitCode)],
    ['Started', ({ state: { startedAt } }) => time(startedAt)],
    ['Cpu', ({ id }, state) => state.usages.get(id)?.cpuCores],
    ['CpuLimit', ({ limits }) => limits.cpus],
    ['Memory', ({ id }, state) => state.usages.get(id)?.memory.workingSetBytes],
    ['MemoryLimit', ({ limits }) => limits.memoryBytes],
    ['ReceivedPerSecond', ({ id }, state) => state.usages.get(id)?.networkRxPerSecond],
    ['SentPerSecond', ({ id }, state) => state.usages.get(id)?.networkTxPerSecond],
    ['Pids', ({ id }, state) => state.usages.get(id)?.sample.pids.current],
  ],
  images: [
    ['Names', ({ references }) => references.join(' ')],
    ['Id', ({ id }) => id],
    ['Size', ({ sizeBytes }) => sizeBytes],
    ['Own', ({ uniqueBytes }) => uniqueBytes],
    ['Containers', ({ containers }) => containers.length],
    ['Created', ({ created }) => (created > 0 ? time(created) : undefined)],
  ],
  builds: [
    ['Tags', ({ tags }) => tags.join(' ')],
    ['Id', ({ id }) => id],
    ['Context', ({ context }) => context],
    ['Target', ({ target }) => target],
    ['State', ({ state }) => state],
    ['Started', ({ started }) => time(started)],
    ['Seconds', ({ started, finished }, { now }) => ((finished ?? now) - started) / 1000],
  ],
  events: [
    ['Time', event => time(event.time)],
    ['Type', ({ type }) => type],
    ['Action', ({ action }) => action],
    ['Name', ({ name }) => name],
    ['Id', ({ id }) => id],
    ['Attributes', ({ attributes }) => JSON.stringify(attributes)],
  ],
  capacity: [
    ['Name', ({ name }) => name],
    ['Advice', ({ advice }) => advice.verdict],
    ['CpuP95', ({ advice }) => advice.cpu?.p95],
    ['CpuLimit', ({ advice }) => advice.cpu?.limit],
    ['CpuNeeded', ({ advice }) => advice.cpu?.needed],
    ['CpuFrees', ({ advice }) => advice.cpu?.frees],
    ['MemoryMax', ({ advice }) => advice.memory?.max],
    ['MemoryLimit', ({ advice }) => advice.memory?.limit],
    ['MemoryNeeded', ({ advice }) => advice.memory?.needed],
    ['MemoryFrees', ({ advice }) => advice.memory?.frees],
    ['MeasuredSeconds', ({ advice }) => advice.measuredSeconds],
  ],
};

function time(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}
