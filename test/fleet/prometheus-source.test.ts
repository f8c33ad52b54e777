import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prometheusSource } from '../../src/fleet/prometheus-source.ts';
import type { FleetEvent, FleetSource } from '../../src/fleet/types.ts';
import { noPrometheus, openPrometheus } from '../support/real-prometheus.ts';

const plimsollMetrics = `plimsoll_machine_cpu_capacity_cores 25
plimsoll_machine_cpu_used_cores 6
plimsoll_machine_cpu_containers_cores 5
plimsoll_machine_memory_capacity_bytes 1000
plimsoll_machine_memory_used_bytes 400
plimsoll_machine_memory_containers_bytes 300
plimsoll_container_cpu_limit_cores{name="app"} 8
plimsoll_container_memory_limit_bytes{name="app"} 500
plimsoll_container_cpu_used_cores{name="app"} 5
plimsoll_container_cpu_needed_cores{name="app"} 6
plimsoll_container_memory_working_set_bytes{name="app"} 300
plimsoll_container_memory_needed_bytes{name="app"} 350
`;

const cadvisorMetrics = `machine_cpu_cores 4
machine_memory_bytes 1000
container_cpu_usage_seconds_total{id="/"} 100
container_memory_working_set_bytes{id="/"} 600
container_memory_working_set_bytes{id="/docker/1",name="web"} 200
container_spec_memory_limit_bytes{id="/docker/1",name="web"} 250
`;

test('a Prometheus that scrapes plimsoll tells of its machines and containers', {
  skip: noPrometheus,
}, async () => {
  await using server = await openPrometheus(plimsollMetrics);
  const event = await firstEvent(prometheusSource({ url: server.url }));
  assert.ok(event.type === 'report', JSON.stringify(event));
  const { cpu, memory, running, containers } = event.report;
  assert.deepEqual([cpu.capacity, cpu.used, cpu.usedByContainers, cpu.reserved], [25, 6, 5, 8]);
  assert.deepEqual([memory.capacity, memory.used, memory.reserved], [1000, 400, 500]);
  assert.equal(running, 1);
  assert.deepEqual(
    containers?.map(({ name, cpu: { needed }, memory: own }) => [name, needed, own.needed]),
    [['app', 6, 350]],
  );
  assert.equal(event.seen, undefined, 'it is current');
});

test('a Prometheus that scrapes cAdvisor tells of its machines', { skip: noPrometheus }, async () => {
  await using server = await openPrometheus(cadvisorMetrics);
  const event = await firstEvent(prometheusSource({ url: server.url }));
  assert.ok(event.type === 'report', JSON.stringify(event));
  const { cpu, memory, running } = event.report;
  assert.deepEqual([cpu.capacity, cpu.used], [4, 0]);
  assert.deepEqual(
    [memory.capacity, memory.used, memory.usedByContainers, memory.reserved],
    [1000, 600, 200, 250],
  );
  assert.equal(running, 1);
});

test('a Prometheus that does not answer is silent, by its own name', async () => {
  const event = await firstEvent(prometheusSource({ url: new URL('http://127.0.0.1:9') }));
  assert.ok(event.type === 'silent');
  assert.equal(event.machine, '127.0.0.1:9');
  assert.match(event.problem, /Prometheus at 127\.0\.0\.1:9: /);
});

async function firstEvent(source: FleetSource): Promise<FleetEvent> {
  const ending = new AbortController();
  const first = Promise.withResolvers<FleetEvent>();
  const watching = source.watch({ signal: ending.signal, emit: first.resolve });
  const event = await first.promise;
  ending.abort();
  await watching;
  return event;
}
