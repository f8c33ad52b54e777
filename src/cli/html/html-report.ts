import {
  type AdvisedContainer,
  type LoadLine,
  monthlyCost,
  neighbourEngines,
  type Prices,
  type ResourceAdvice,
  type ResourceLoad,
} from '../../capacity/index.ts';
import type { HistoryPoint, HostFacts } from '../../engine/index.ts';
import { cleanText } from '../../lib/clean-text.ts';
import { formatBytes } from '../../lib/format-bytes.ts';
import { formatCores } from '../../lib/format-cores.ts';
import { formatDuration } from '../../lib/format-duration.ts';
import { formatPercent } from '../../lib/format-percent.ts';
import { formatMoney } from '../format/format-money.ts';
import { html, type Markup } from './markup.ts';
import { asOf, page } from './page.ts';
import { svgChart } from './svg-chart.ts';

/** What a report tells. */
export interface HtmlReport {
  readonly facts: Pick<HostFacts, 'hostname' | 'machine' | 'os'>;
  /** Milliseconds since the epoch; charts begin at `since`. */
  readonly now: number;
  readonly since: number;
  readonly line: LoadLine;
  readonly machine: readonly HistoryPoint[];
  readonly advised: readonly (AdvisedContainer & { readonly chart: readonly HistoryPoint[] })[];
  readonly prices?: Prices;
}

/** A page of its own about a machine's capacity and waste: no script, and nothing that is loaded from elsewhere. */
export function htmlReport(report: HtmlReport): string {
  const { facts, now, line, prices } = report;
  const name = cleanText(facts.hostname);
  const body = html`<h1>${name}</h1>
<p class="dim">${cleanText(facts.machine)}, ${cleanText(facts.os)}, ${formatCores(line.cpu.capacity)} cores, ${formatBytes(line.memory.capacity)}; as of ${asOf(now)}</p>
${headline(line, prices)}
<h2>Load line</h2>
${bar('CPU', line.cpu, value => `${formatCores(value)} cores`)}
${bar('Memory', line.memory, formatBytes)}
<p class="key"><i class="used"></i>containers${neighbourKey(line)}<i class="reserved"></i>reserved, not used<i class="rest"></i>rest of the machine<i class="free"></i>free</p>
${history(report)}
<h2>Containers</h2>
${report.advised.length === 0 ? html`<p>No container runs.</p>` : table(report)}
`;
  return page(`Capacity of ${name}`, body);
}

function neighbourKey({ cpu }: LoadLine): Markup | string {
  const engines = neighbourEngines(cpu);
  return engines.length === 0 ? '' : html`<i class="beside"></i>containers of ${engines.join(' and ')}`;
}

function headline({ cpu, memory }: LoadLine, prices: Prices | undefined): Markup {
  const cost = prices && monthlyCost(prices, { cores: cpu.wasted, bytes: memory.wasted });
  const money = prices && cost !== undefined ? html`, <b>${formatMoney(cost, prices)}</b> a month` : '';
  return html`<p class="headline">Wasted now: <b>${formatCores(cpu.wasted)}</b> of ${formatCores(cpu.capacity)} cores, <b>${formatBytes(memory.wasted)}</b> of ${formatBytes(memory.capacity)}${money}</p>`;
}

function bar(label: string, load: ResourceLoad, inWords: (value: number) => string): Markup {
  const parts = [
    ['used', load.usedByContainers],
    ['beside', load.usedByNeighbours],
    ['reserved', load.reservedUnused],
    ['rest', load.usedByOthers],
    ['free', load.free],
  ] as const;
  const share = (value: number) => ((value / Math.max(load.capacity, 1e-9)) * 100).toFixed(2);
  const pieces = parts.map(
    ([kind, value]) =>
      html`<span class="${kind}" style="width:${share(value)}%" title="${inWords(value)}"></span>`,
  );
  return html`<div class="row"><span>${label}</span><div class="bar">${pieces}</div><span>${formatPercent((load.wasted / Math.max(load.capacity, 1e-9)) * 100)} wasted</span></div>
`;
}

function history({ machine, since, now, line }: HtmlReport): Markup {
  if (machine.length === 0) return html`<p class="dim">Nothing was recorded in this time.</p>`;
  const chart = (label: string, of: (point: HistoryPoint) => number, top: number, inWords: string) =>
    html`<figure><figcaption>${label}, up to ${inWords}</figcaption>${svgChart({
      ...{ points: machine.map(point => ({ time: point.time, value: of(point) })), since, until: now, top },
      ...{ lines: [], width: 600, height: 120, label: `${label} of the machine over time` },
    })}</figure>`;
  const { cpu, memory } = line;
  return html`<h2>The last ${formatDuration(now - since)}</h2>
<div class="charts">${chart('CPU', ({ cpuMean }) => cpuMean, cpu.capacity, `${formatCores(cpu.capacity)} cores`)}${chart('Memory', ({ memoryMean }) => memoryMean, memory.capacity, formatBytes(memory.capacity))}</div>`;
}

function table({ advised, prices, since, now }: HtmlReport): Markup {
  const titles = [
    'Container',
    'Advice',
    'CPU',
    'P95',
    'Limit',
    'Needed',
    'Frees',
    'Memory',
    'Max',
    'Limit',
    'Needed',
    'Frees',
  ];
  const heads = [...titles, ...(prices === undefined ? [] : ['Saves a month'])].map(
    title => html`<th>${title}</th>`,
  );
  const rows = advised.map(row => {
    const { cpu, memory, verdict } = row.advice;
    const cost = { cores: cpu?.frees ?? 0, bytes: memory?.frees ?? 0 };
    const money =
      prices === undefined ? '' : html`<td>${formatMoney(monthlyCost(prices, cost), prices)}</td>`;
    const spark = (of: (point: HistoryPoint) => number, advice: ResourceAdvice | undefined) =>
      sparkCell(
        row.chart.map(point => ({ time: point.time, value: of(point) })),
        advice,
        { since, now, name: row.name },
      );
    return html`<tr><th>${cleanText(row.name)}</th><td class="${verdict.replaceAll(' ', '-')}">${verdict}</td>${spark(({ cpuMax }) => cpuMax, cpu)}${figures(cpu, ({ p95 }) => p95, formatCores)}${spark(({ memoryMax }) => memoryMax, memory)}${figures(memory, ({ max }) => max, formatBytes)}${money}</tr>
${whyRow(row, heads.length)}`;
  });
  return html`<table><thead><tr>${heads}</tr></thead><tbody>${rows}</tbody></table>
<p class="dim">Charts: the highest use, the limit (amber) and the need (green).</p>`;
}

function figures(
  advice: ResourceAdvice | undefined,
  seen: (advice: ResourceAdvice) => number,
  inWords: (value: number) => string,
): readonly Markup[] {
  const { limit, needed, frees } = advice ?? {};
  const values = [advice && seen(advice), limit, needed, limit === undefined ? undefined : frees];
  return values.map(value => html`<td>${value === undefined ? '–' : inWords(value)}</td>`);
}

function sparkCell(
  points: readonly { readonly time: number; readonly value: number }[],
  advice: ResourceAdvice | undefined,
  { since, now, name }: { readonly since: number; readonly now: number; readonly name: string },
): Markup {
  if (points.length === 0) return html`<td></td>`;
  const highest = Math.max(...points.map(({ value }) => value), advice?.needed ?? 0);
  const near =
    advice?.limit !== undefined && advice.limit <= highest * 4
      ? [{ value: advice.limit, kind: 'limit' }]
      : [];
  const lines = [...near, ...(advice === undefined ? [] : [{ value: advice.needed, kind: 'need' }])];
  const top = Math.max(highest, ...lines.map(({ value }) => value)) * 1.05;
  const label = `use of ${cleanText(name)} over time`;
  return html`<td class="spark">${svgChart({ points, since, until: now, top, lines, width: 160, height: 32, label })}</td>`;
}

function whyRow(
  { advice: { cpu, memory, points, measuredSeconds } }: AdvisedContainer,
  columns: number,
): Markup {
  const steps = [
    ...(cpu?.why ?? []).map(why => `Cores: ${why}`),
    ...(memory?.why ?? []).map(why => `Memory: ${why}`),
  ];
  const items = steps.map(step => html`<li>${step}</li>`);
  return html`<tr class="why"><td colspan="${columns}"><details><summary>why</summary><p>${formatDuration(measuredSeconds * 1000)} measured in ${points} points.</p><ul>${items}</ul></details></td></tr>
`;
}
