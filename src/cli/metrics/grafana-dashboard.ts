/** One panel: what is drawn, from which queries, in which unit. */
interface Panel {
  readonly title: string;
  readonly type: 'stat' | 'timeseries' | 'bargauge';
  readonly unit: 'none' | 'bytes' | 'percentunit' | 'short';
  /** In the 24 columns of Grafana. */
  readonly width: number;
  readonly height: number;
  readonly queries: readonly (readonly [expression: string, legend: string])[];
}

const machines = '{instance=~"$instance"}';
const containers = '{instance=~"$instance",name=~"$container"}';

/** Only what `plimsoll metrics` gives, so that it works without the recording rules. */
const panels: readonly Panel[] = [
  {
    ...{ title: 'Cores wasted', type: 'stat', unit: 'none', width: 6, height: 4 },
    queries: [[`sum(plimsoll_machine_cpu_wasted_cores${machines})`, 'cores']],
  },
  {
    ...{ title: 'Of all cores', type: 'stat', unit: 'percentunit', width: 6, height: 4 },
    queries: [
      [
        `sum(plimsoll_machine_cpu_wasted_cores${machines}) / sum(plimsoll_machine_cpu_capacity_cores${machines})`,
        'share',
      ],
    ],
  },
  {
    ...{ title: 'Memory wasted', type: 'stat', unit: 'bytes', width: 6, height: 4 },
    queries: [[`sum(plimsoll_machine_memory_wasted_bytes${machines})`, 'bytes']],
  },
  {
    ...{ title: 'Of all memory', type: 'stat', unit: 'percentunit', width: 6, height: 4 },
    queries: [
      [
        `sum(plimsoll_machine_memory_wasted_bytes${machines}) / sum(plimsoll_machine_memory_capacity_bytes${machines})`,
        'share',
      ],
    ],
  },
  {
    ...{ title: 'Load line: cores', type: 'timeseries', unit: 'none', width: 12, height: 8 },
    queries: [
      [`sum(plimsoll_machine_cpu_capacity_cores${machines})`, 'capacity'],
      [`sum(plimsoll_machine_cpu_used_cores${machines})`, 'used'],
      [`sum(plimsoll_machine_cpu_containers_cores${machines})`, 'by containers'],
      [`sum(plimsoll_machine_cpu_reserved_unused_cores${machines})`, 'reserved, not used'],
    ],
  },
  {
    ...{ title: 'Load line: memory', type: 'timeseries', unit: 'bytes', width: 12, height: 8 },
    queries: [
      [`sum(plimsoll_machine_memory_capacity_bytes${machines})`, 'capacity'],
      [`sum(plimsoll_machine_memory_used_bytes${machines})`, 'used'],
      [`sum(plimsoll_machine_memory_containers_bytes${machines})`, 'by containers'],
      [`sum(plimsoll_machine_memory_reserved_unused_bytes${machines})`, 'reserved, not used'],
    ],
  },
  {
    ...{ title: 'Machines by wasted cores', type: 'bargauge', unit: 'none', width: 12, height: 8 },
    queries: [[`topk(15, plimsoll_machine_cpu_wasted_cores${machines})`, '{{instance}}']],
  },
  {
    ...{ title: 'Machines by wasted memory', type: 'bargauge', unit: 'bytes', width: 12, height: 8 },
    queries: [[`topk(15, plimsoll_machine_memory_wasted_bytes${machines})`, '{{instance}}']],
  },
  {
    ...{ title: 'Containers by cores', type: 'timeseries', unit: 'none', width: 12, height: 8 },
    queries: [[`topk(10, plimsoll_container_cpu_used_cores${containers})`, '{{instance}} {{name}}']],
  },
  {
    ...{ title: 'Containers by memory', type: 'timeseries', unit: 'bytes', width: 12, height: 8 },
    queries: [
      [`topk(10, plimsoll_container_memory_working_set_bytes${containers})`, '{{instance}} {{name}}'],
    ],
  },
  {
    ...{ title: 'Limits above need: cores', type: 'bargauge', unit: 'none', width: 12, height: 8 },
    queries: [
      [
        `topk(15, plimsoll_container_cpu_limit_cores${containers} - plimsoll_container_cpu_needed_cores${containers} > 0)`,
        '{{instance}} {{name}}',
      ],
    ],
  },
  {
    ...{ title: 'Limits above need: memory', type: 'bargauge', unit: 'bytes', width: 12, height: 8 },
    queries: [
      [
        `topk(15, plimsoll_container_memory_limit_bytes${containers} - plimsoll_container_memory_needed_bytes${containers} > 0)`,
        '{{instance}} {{name}}',
      ],
    ],
  },
  {
    ...{ title: 'Time spent waiting for CPU', type: 'timeseries', unit: 'percentunit', width: 12, height: 8 },
    queries: [
      [
        `rate(plimsoll_container_cpu_throttled_periods_total${containers}[5m]) / (rate(plimsoll_container_cpu_periods_total${containers}[5m]) > 0)`,
        '{{instance}} {{name}}',
      ],
    ],
  },
  {
    ...{ title: 'Out of memory in the last hour', type: 'timeseries', unit: 'short', width: 12, height: 8 },
    queries: [[`increase(plimsoll_container_oom_kills_total${containers}[1h])`, '{{instance}} {{name}}']],
  },
];

/** A dashboard to import into Grafana (10 and later), which asks for the data source; as JSON. */
export function grafanaDashboard(): string {
  const dashboard = {
    uid: 'plimsoll-fleet',
    title: 'plimsoll: capacity and waste',
    tags: ['plimsoll', 'capacity'],
    schemaVersion: 39,
    editable: true,
    refresh: '1m',
    time: { from: 'now-24h', to: 'now' },
    templating: {
      list: [
        { name: 'datasource', type: 'datasource', query: 'prometheus', label: 'Data source' },
        variable('instance', 'Machine', 'label_values(plimsoll_machine_cpu_capacity_cores, instance)'),
        variable(
          'container',
          'Container',
          'label_values(plimsoll_container_memory_working_set_bytes{instance=~"$instance"}, name)',
        ),
      ],
    },
    panels: placed(panels),
  };
  return `${JSON.stringify(dashboard, undefined, 2)}\n`;
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana fills it in, not JavaScript
const datasource = { type: 'prometheus', uid: '${datasource}' };

function variable(name: string, label: string, query: string) {
  const choice = { includeAll: true, multi: true, allValue: '.*', refresh: 2, sort: 1 };
  return { name, label, type: 'query', datasource, query: { query, refId: name }, ...choice };
}

/** From the left to the right, row by row. */
function placed(all: readonly Panel[]) {
  let [x, y, tallest] = [0, 0, 0];
  return all.map(({ title, type, unit, width, height, queries }, i) => {
    if (x + width > 24) [x, y, tallest] = [0, y + tallest, 0];
    const gridPos = { x, y, w: width, h: height };
    x += width;
    tallest = Math.max(tallest, height);
    return {
      ...{ id: i + 1, title, type, datasource, gridPos },
      fieldConfig: { defaults: { unit, min: 0 }, overrides: [] },
      targets: queries.map(([expr, legendFormat], q) => ({
        ...{ refId: String.fromCharCode(65 + q), datasource, expr, legendFormat },
        ...(type === 'timeseries' ? {} : { instant: true }),
      })),
    };
  });
}
