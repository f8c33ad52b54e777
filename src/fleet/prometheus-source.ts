import type { ContainerReport, MachineReport, NeedReport, ResourceReport } from '../capacity/index.ts';
import { messageOf } from '../errors.ts';
import { cleanText } from '../lib/clean-text.ts';
import { instantQuery, type Series } from './instant-query.ts';
import { pause } from './pause.ts';
import type { FleetSource, PrometheusServer } from './types.ts';

/** Prometheus scrapes a few times a minute; asking more often tells nothing new. */
const everyMs = 15_000;
/** How far back the figures of a machine that is silent now are looked for. */
const lookBack = '1d';
/** What is recorded of a machine and its containers is asked for as often as that. */
const recordedEveryMs = 5 * 60_000;
const recordedOver = '7d';

/** All machines that a Prometheus server knows by `plimsoll metrics`, else by cAdvisor. */
export function prometheusSource(server: PrometheusServer): FleetSource {
  const name = server.url.host;
  return {
    name,
    machines: [],
    async watch({ signal, emit }) {
      let recorded: Recorded = { at: 0, figures: new Map() };
      const known = new Set<string>();
      while (!signal.aborted) {
        try {
          const ask = (query: string) => instantQuery(server, query, signal);
          if (Date.now() - recorded.at > recordedEveryMs) recorded = await readRecorded(ask);
          const machines = await readMachines(ask);
          if (machines.length === 0) throw new Error('it knows neither plimsoll nor cAdvisor');
          for (const machine of machines) {
            const { instance, isCurrent, seen } = machine;
            known.add(instance);
            const report = reportOf(machine, recorded.figures.get(instance));
            emit({ type: 'report', machine: instance, report, ...(isCurrent ? {} : { seen }) });
            if (!isCurrent)
              emit({ type: 'silent', machine: instance, problem: 'Prometheus does not reach it any more' });
          }
        } catch (error) {
          const problem = `Prometheus at ${name}: ${cleanText(messageOf(error))}`;
          for (const machine of known.size === 0 ? [name] : known)
            if (!signal.aborted) emit({ type: 'silent', machine, problem });
        }
        await pause(everyMs, signal);
      }
    },
  };
}

type Ask = (query: string) => Promise<Series[]>;

/** One machine's figures of now, by their names without unit: `cpu_capacity`. */
interface MachineNow {
  readonly instance: string;
  readonly seen: number;
  /** The last scrape has succeeded. */
  readonly isCurrent: boolean;
  readonly running: number;
  readonly figures: ReadonlyMap<string, number>;
}

async function readMachines(ask: Ask): Promise<MachineNow[]> {
  const own = await readFigures(ask, plimsollQueries);
  return own.length > 0 ? own : await readFigures(ask, cadvisorQueries);
}

/** Queries by what they tell of each instance. */
type Queries = Readonly<Record<string, string>>;

const last = (metric: string) => `last_over_time(${metric}[${lookBack}])`;

const plimsollQueries: Queries = {
  cpu_capacity: last('plimsoll_machine_cpu_capacity_cores'),
  cpu_used: last('plimsoll_machine_cpu_used_cores'),
  cpu_containers: last('plimsoll_machine_cpu_containers_cores'),
  cpu_reserved: 'sum by (instance) (plimsoll_container_cpu_limit_cores)',
  memory_capacity: last('plimsoll_machine_memory_capacity_bytes'),
  memory_used: last('plimsoll_machine_memory_used_bytes'),
  memory_containers: last('plimsoll_machine_memory_containers_bytes'),
  memory_reserved: 'sum by (instance) (plimsoll_container_memory_limit_bytes)',
  running: 'count by (instance) (plimsoll_container_memory_working_set_bytes)',
  current: 'timestamp(plimsoll_machine_cpu_capacity_cores)',
  seen: `max_over_time(timestamp(plimsoll_machine_cpu_capacity_cores)[${lookBack}:1m])`,
};

const containers = '{name!=""}';
const cadvisorQueries: Queries = {
  cpu_capacity: last('machine_cpu_cores'),
  cpu_used: 'sum by (instance) (rate(container_cpu_usage_seconds_total{id="/"}[5m]))',
  cpu_containers: `sum by (instance) (rate(container_cpu_usage_seconds_total${containers}[5m]))`,
  cpu_reserved: `sum by (instance) (container_spec_cpu_quota${containers} / container_spec_cpu_period${containers})`,
  memory_capacity: last('machine_memory_bytes'),
  memory_used: 'sum by (instance) (container_memory_working_set_bytes{id="/"})',
  memory_containers: `sum by (instance) (container_memory_working_set_bytes${containers})`,
  memory_reserved: `sum by (instance) (container_spec_memory_limit_bytes${containers})`,
  running: `count by (instance) (container_memory_working_set_bytes${containers})`,
  current: 'timestamp(machine_cpu_cores)',
  seen: `max_over_time(timestamp(machine_cpu_cores)[${lookBack}:1m])`,
};

async function readFigures(ask: Ask, queries: Queries): Promise<MachineNow[]> {
  const { cpu_capacity: first = '', ...others } = queries;
  const machines = new Map<string, Map<string, number>>();
  for (const { labels, value } of await ask(first))
    if (value > 0) machines.set(instanceOf(labels), new Map([['cpu_capacity', value]]));
  if (machines.size === 0) return [];
  await Promise.all(
    Object.entries(others).map(async ([figure, query]) => {
      for (const { labels, value } of await ask(query)) machines.get(instanceOf(labels))?.set(figure, value);
    }),
  );
  return [...machines]
    .filter(([, figures]) => (figures.get('memory_capacity') ?? 0) > 0)
    .map(([instance, figures]) => ({
      instance,
      figures,
      seen: Math.round((figures.get('current') ?? figures.get('seen') ?? 0) * 1000),
      isCurrent: figures.has('current'),
      running: figures.get('running') ?? 0,
    }));
}

/** What was recorded of an instance: percentiles of the machine, and the needs of its containers. */
interface RecordedInstance {
  readonly cpu: Partial<Record<keyof NeedReport, number>>;
  readonly memory: Partial<Record<keyof NeedReport, number>>;
  readonly containers: ReadonlyMap<string, ContainerNeeds>;
}

interface ContainerNeeds {
  readonly cpu: Partial<Record<keyof NeedReport, number>>;
  readonly memory: Partial<Record<keyof NeedReport, number>>;
}

interface Recorded {
  readonly at: number;
  readonly figures: ReadonlyMap<string, RecordedInstance>;
}

const over = {
  p95: (metric: string) => `quantile_over_time(0.95, ${metric}[${recordedOver}])`,
  peak: (metric: string) => `max_over_time(${metric}[${recordedOver}])`,
};

/** Only plimsoll tells what containers need. */
const recordedQueries = [
  ['cpu', 'p95', over.p95('plimsoll_machine_cpu_used_cores')],
  ['cpu', 'peak', over.peak('plimsoll_machine_cpu_used_cores')],
  ['memory', 'p95', over.p95('plimsoll_machine_memory_used_bytes')],
  ['memory', 'peak', over.peak('plimsoll_machine_memory_used_bytes')],
  ['cpu', 'p95', over.p95('plimsoll_container_cpu_used_cores')],
  ['cpu', 'peak', over.peak('plimsoll_container_cpu_used_cores')],
  ['cpu', 'needed', 'plimsoll_container_cpu_needed_cores'],
  ['memory', 'p95', over.p95('plimsoll_container_memory_working_set_bytes')],
  ['memory', 'peak', over.peak('plimsoll_container_memory_working_set_bytes')],
  ['memory', 'needed', 'plimsoll_container_memory_needed_bytes'],
] as const;

async function readRecorded(ask: Ask): Promise<Recorded> {
  const figures = new Map<string, { cpu: object; memory: object; containers: Map<string, ContainerNeeds> }>();
  const answers = await Promise.all(
    recordedQueries.map(async ([of, figure, query]) => ({ of, figure, series: await ask(query) })),
  );
  for (const { of, figure, series } of answers) {
    for (const { labels, value } of series) {
      const instance = figures.get(instanceOf(labels)) ?? { cpu: {}, memory: {}, containers: new Map() };
      figures.set(instanceOf(labels), instance);
      const { name } = labels;
      const needs =
        name === undefined ? instance : (instance.containers.get(name) ?? { cpu: {}, memory: {} });
      Object.assign(needs[of], { [figure]: value });
      if (name !== undefined) instance.containers.set(name, needs);
    }
  }
  return { at: Date.now(), figures };
}

function reportOf(
  { instance, seen: time, figures, running }: MachineNow,
  recorded: RecordedInstance | undefined,
): MachineReport {
  const at = (name: string) => Math.max(0, figures.get(name) ?? 0);
  const resource = (of: 'cpu' | 'memory'): ResourceReport => {
    const capacity = at(`${of}_capacity`);
    const { p95, peak } = recorded?.[of] ?? {};
    return {
      capacity,
      used: Math.min(capacity, at(`${of}_used`)),
      usedByContainers: Math.min(capacity, at(`${of}_containers`)),
      reserved: at(`${of}_reserved`),
      ...(p95 === undefined ? {} : { p95 }),
      ...(peak === undefined ? {} : { peak }),
    };
  };
  const needs = [...(recorded?.containers ?? [])].flatMap(([name, own]) => needOf(name, own));
  return {
    ...{ time, hostname: cleanText(instance), machine: '', running },
    ...{ cpu: resource('cpu'), memory: resource('memory') },
    ...(needs.length === 0 ? {} : { containers: needs }),
  };
}

function needOf(name: string, { cpu, memory }: ContainerNeeds): ContainerReport[] {
  const [cores, bytes] = [completeNeed(cpu), completeNeed(memory)];
  return cores === undefined || bytes === undefined
    ? []
    : [{ name: cleanText(name), cpu: cores, memory: bytes }];
}

function completeNeed({ p95, peak, needed }: ContainerNeeds['cpu']): NeedReport | undefined {
  if (p95 === undefined || peak === undefined) return undefined;
  return { p95, peak, ...(needed === undefined ? {} : { needed }) };
}

function instanceOf(labels: Series['labels']): string {
  return labels.instance ?? '';
}
