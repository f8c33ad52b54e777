import type { FleetResource, FleetTable } from '../../capacity/index.ts';
import { cleanText } from '../../lib/clean-text.ts';
import { formatBytes } from '../../lib/format-bytes.ts';
import { formatCores } from '../../lib/format-cores.ts';
import { formatPercent } from '../../lib/format-percent.ts';
import type { Column } from '../format/table.ts';
import { html, type Markup } from '../html/markup.ts';
import { asOf, page } from '../html/page.ts';
import type { FleetLine } from './fleet-columns.ts';

/** A page of its own about a fleet: no script, and nothing that is loaded from elsewhere. */
export function fleetPage(
  { total }: FleetTable,
  lines: readonly FleetLine[],
  { columns, now }: { readonly columns: readonly Column<FleetLine>[]; readonly now: number },
): string {
  const shown = columns.filter(({ hidden }) => hidden !== true);
  const heads = shown.map(({ title }) => html`<th>${title}</th>`);
  const rows = lines.map(
    line => html`<tr>${shown.map(({ value }) => html`<td>${cleanText(value(line))}</td>`)}</tr>
`,
  );
  const body = html`<h1>A fleet of ${total.machines} machines</h1>
<p class="dim">${total.answering} of them answer; as of ${asOf(now)}</p>
<p class="headline">Wasted now: <b>${formatCores(total.cpu.wasted)}</b> of ${formatCores(total.cpu.capacity)} cores, <b>${formatBytes(total.memory.wasted)}</b> of ${formatBytes(total.memory.capacity)}</p>
${bar('CPU', total.cpu)}
${bar('Memory', total.memory)}
<table><thead><tr>${heads}</tr></thead><tbody>${rows}</tbody></table>
`;
  return page(`A fleet of ${total.machines} machines`, body, 'td:first-child { text-align: left; }');
}

function bar(label: string, { capacity, used, wasted }: FleetResource): Markup {
  const share = (value: number) => ((value / Math.max(capacity, 1e-9)) * 100).toFixed(2);
  return html`<div class="row"><span>${label}</span><div class="bar"><span class="used" style="width:${share(used)}%"></span></div><span>${formatPercent(Number(share(wasted)))} wasted</span></div>
`;
}
