import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { createApp } from '../../src/api/create-app.ts';
import { createFakeEngine } from '../support/fake-engine.ts';

const noPromtool =
  spawnSync('promtool', ['--version']).status === 0 ? false : 'promtool is not installed (apt: prometheus)';

/** An API over five containers of which there is a history. */
function app() {
  return createApp(createFakeEngine({ containers: 5, recorded: true }), '1.2.3');
}

async function scrape(headers: Record<string, string> = {}) {
  await using served = app();
  const { statusCode, body, headers: said } = await served.inject({ url: '/metrics', headers });
  assert.equal(statusCode, 200, body);
  return { body, type: said['content-type'] };
}

test('GET /metrics tells of engine, daemon, machine and containers', async () => {
  const { body, type } = await scrape();
  assert.equal(type, 'text/plain; version=0.0.4; charset=utf-8');
  assert.match(body, /^plimsoll_engine_info\{version="1\.2\.3",runtime="/m);
  assert.match(body, /^plimsoll_engine_containers\{state="running"\} \d+$/m);
  assert.match(body, /^plimsoll_machine_cpu_wasted_cores [\d.]+$/m);
  assert.match(body, /^plimsoll_machine_memory_capacity_bytes \d+$/m);
  assert.match(body, /^plimsoll_container_cpu_seconds_total\{name="web",id="[0-9a-f]{12}"\} [\d.]+$/m);
  assert.match(body, /^plimsoll_container_memory_needed_bytes\{name="web",/m);
  assert.match(body, /^process_resident_memory_bytes \d+$/m);
  const start = Number(/^process_start_time_seconds ([\d.e+]+)$/m.exec(body)?.[1]);
  assert.ok(Math.abs(start - (Date.now() / 1000 - process.uptime())) < 2, String(start));
});

test('who asks for OpenMetrics gets it: families without suffixes, an end', async () => {
  const accept = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5';
  const { body, type } = await scrape({ accept });
  assert.equal(type, 'application/openmetrics-text; version=1.0.0; charset=utf-8');
  assert.ok(body.endsWith('\n# EOF\n'));
  assert.match(body, /^# TYPE plimsoll_engine info\nplimsoll_engine_info\{/m);
  assert.match(body, /^# TYPE plimsoll_container_oom_kills counter\nplimsoll_container_oom_kills_total\{/m);
  assert.doesNotMatch(body, /^# (HELP|TYPE) \S+(_total|_info) /m);
});

test('a version of the API before the path changes nothing, as with every other', async () => {
  await using served = app();
  assert.equal((await served.inject('/v1.41/metrics')).statusCode, 200);
  assert.equal((await served.inject({ method: 'POST', url: '/metrics' })).statusCode, 404);
});

test('promtool finds nothing wrong with it', { skip: noPromtool }, async () => {
  const { body } = await scrape();
  const { status, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: body, encoding: 'utf8' });
  assert.equal(status, 0, stderr);
});
