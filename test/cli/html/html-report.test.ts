import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { htmlReport } from '../../../src/cli/html/html-report.ts';
import { html, Markup } from '../../../src/cli/html/markup.ts';
import { svgChart } from '../../../src/cli/html/svg-chart.ts';
import { createFakeEngine } from '../../support/fake-engine.ts';
import { runPlimsoll } from '../../support/run-cli.ts';

const now = Date.UTC(2026, 5, 21, 12);
const engine = createFakeEngine({ containers: 5, recorded: true });
const facts = { hostname: 'ship<script>alert(1)</script>\u001b[31m', machine: 'KVM', os: 'Debian & 12' };

test('html`` makes text of what is put in, but of markup', () => {
  assert.equal(html`<b title="${'"\'<&>'}">${1}</b>`.text, '<b title="&#34;&#39;&#60;&#38;&#62;">1</b>');
  assert.equal(html`${html`<i>`}${[new Markup('<b>'), new Markup('<u>')]}`.text, '<i><b><u>');
});

test('a report is a page of its own: well-formed, without scripts and without links, with nothing from outside as markup', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-report-'));
  const file = join(folder, 'report.html');
  try {
    const parts = {
      ...engine,
      stats: { ...engine.stats, facts: async () => ({ ...(await engine.stats.facts()), ...facts }) },
    };
    const env = { PLIMSOLL_CONFIG: new URL('../../fixtures/prices.json', import.meta.url).pathname };
    for (const verb of ['capacity', 'waste']) {
      const { code, stdout, stderr } = await runPlimsoll([verb, '--html', file], { engine: parts, env });
      assert.deepEqual([code, stdout, stderr], [0, '', '']);
    }
    assert.deepEqual(readdirSync(folder), ['report.html'], 'nothing else is left');
    const page = readFileSync(file, 'utf8');
    assert.deepEqual(unbalanced(page), []);
    assert.doesNotMatch(page, /<script|\u001b|(?:src|href)=|url\(|@import/);
    assert.match(page, /<h1>ship&#60;script&#62;alert\(1\)&#60;\/script&#62;<\/h1>/);
    assert.match(page, /Debian &#38; 12/);
    assert.match(page, /<th>worker<\/th><td class="too-large">too large<\/td>/);
    assert.match(
      page,
      /Wasted now: <b>[\d.]+<\/b> of 8 cores, <b>[\d.]+ GiB<\/b> of 16 GiB, <b>[\d,.]+ EUR<\/b> a month/,
    );
    assert.match(page, /Cores: P99 of [\d.]+ cores \+ 15% headroom/);
    const printed = await runPlimsoll(['waste', '--html', '-'], { engine: parts });
    assert.match(printed.stdout, /^<!doctype html>/);
    const failed = await runPlimsoll(['waste', '--html', join(folder, 'none/report.html')], {
      engine: parts,
    });
    assert.equal(failed.code, 1);
    assert.match(failed.stderr, /cannot be written to.*\n.*folder that exists/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a report without history or containers says so', () => {
  const load = {
    capacity: 8,
    usedByContainers: 0,
    usedByNeighbours: 0,
    usedByOthers: 1,
    reservedUnused: 0,
    free: 7,
    used: 1,
    wasted: 7,
  };
  const resource = { ...load, wastedHeldByReservations: 0, containers: [] };
  const line = { cpu: resource, memory: resource };
  const page = htmlReport({ facts, now, since: now - 1000, line, machine: [], advised: [] });
  assert.match(page, /Nothing was recorded in this time/);
  assert.match(page, /No container runs/);
  assert.doesNotMatch(page, /NaN|undefined|a month/);
  assert.deepEqual(unbalanced(page), []);
});

test('svgChart() leaves gaps out, and keeps everything in the picture', () => {
  const points = [0, 1, 2, 10, 11, 12].map(time => ({ time, value: time === 2 ? 99 : 5 }));
  const lines = [
    { value: 8, kind: 'limit' },
    { value: 11, kind: 'need' },
  ];
  const { text } = svgChart({
    points,
    since: 0,
    until: 12,
    top: 10,
    lines,
    width: 120,
    height: 40,
    label: 'use',
  });
  const areas = [...text.matchAll(/<polygon class="use" points="([^"]+)"/g)].map(([, area]) => area);
  assert.deepEqual(areas, ['0,40 0,20 10,20 20,0 20,40', '100,40 100,20 110,20 120,20 120,40']);
  assert.match(text, /<line class="limit" x1="0" x2="120" y1="8" y2="8"\/>/);
  assert.doesNotMatch(text, /need/, 'a line above the picture is left out');
});

/** Elements that are not closed, or closed in another order. */
function unbalanced(page: string): string[] {
  const open: string[] = [];
  const wrong: string[] = [];
  for (const [, slash, name = '', own] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)(?:\s[^>]*?)?(\/?)>/g)) {
    if (own || name === 'meta') continue;
    if (!slash) open.push(name);
    else if (open.pop() !== name) wrong.push(name);
  }
  return [...wrong, ...open];
}
