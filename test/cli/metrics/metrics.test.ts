import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createFakeEngine } from '../../support/fake-engine.ts';
import { runPlimsoll } from '../../support/run-cli.ts';

const engine = createFakeEngine({ containers: 5, recorded: true });
const noPromtool =
  spawnSync('promtool', ['--version']).status === 0 ? false : 'promtool is not installed (apt: prometheus)';

test('metrics are in the text format of Prometheus: each with help and type, once, in base units', async () => {
  const { code, stdout } = await runPlimsoll(['metrics'], { engine });
  assert.equal(code, 0);
  const names = [...stdout.matchAll(/^# TYPE (\S+) (gauge|counter)$/gm)].map(([, name = '', type]) => {
    assert.equal(name.endsWith('_total'), type === 'counter', name);
    return name;
  });
  assert.equal(new Set(names).size, names.length);
  const line = /^(# (HELP|TYPE) \S+ .+|[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? -?[\d.e+-]+)$/;
  assert.deepEqual(
    stdout
      .trimEnd()
      .split('\n')
      .filter(text => !line.test(text)),
    [],
  );
  assert.match(stdout, /^plimsoll_engine_info\{version="[^"]+",runtime="[^"]+",/m);
  assert.match(stdout, /^plimsoll_engine_containers\{state="running"\} \d$/m);
  assert.match(stdout, /^plimsoll_machine_cpu_capacity_cores 8$/m);
  assert.match(stdout, /^plimsoll_container_memory_working_set_bytes\{name="web",id="[0-9a-f]{12}"\} /m);
  assert.doesNotMatch(stdout, /^process_/m, 'of no process that is over already');
  assert.match(stdout, /^plimsoll_container_cpu_limit_cores\{name="web",id="[0-9a-f]{12}"\} 1$/m);
  assert.match(stdout, /^plimsoll_container_memory_needed_bytes\{name="web",.*\} \d+$/m);
  assert.doesNotMatch(stdout, /cpu_limit_cores\{name="redis"/, 'what has no limit has no sample of it');
});

test('metrics --listen answers GET /metrics, and nothing else, until it is told to end', async () => {
  let stop = () => {};
  const running = runPlimsoll(['metrics', '--listen', '0'], {
    engine,
    onStart: signals => {
      stop = () => signals.emit('SIGINT', 'SIGINT');
    },
    onError: text => {
      const address = /http:\S+\/metrics/.exec(text)?.[0];
      if (address !== undefined) void askFor(address).finally(stop);
    },
  });
  const answers: [number, string | null, string][] = [];
  async function askFor(address: string): Promise<void> {
    const requests = [
      fetch(address),
      fetch(address.replace('metrics', '')),
      fetch(address, { method: 'POST' }),
    ];
    for (const answer of await Promise.all(requests))
      answers.push([answer.status, answer.headers.get('content-type'), await answer.text()]);
  }
  await running;
  assert.deepEqual(
    answers.map(([status]) => status),
    [200, 404, 405],
  );
  assert.equal(answers[0]?.[1], 'text/plain; version=0.0.4; charset=utf-8');
  assert.match(answers[0]?.[2] ?? '', /^plimsoll_machine_memory_wasted_bytes \d+$/m);
});

test('metrics --listen refuses what is no address', async () => {
  for (const address of ['somewhere', '127.0.0.1:', '127.0.0.1:99999'])
    assert.equal((await runPlimsoll(['metrics', '--listen', address], { engine })).code, 1, address);
});

test('promtool finds nothing wrong with metrics, rules and scrape configuration', {
  skip: noPromtool,
}, async t => {
  const folder = folderOf(t);
  const print = async (...options: string[]) =>
    (await runPlimsoll(['metrics', ...options], { engine })).stdout;
  const check = (args: readonly string[], input?: string) => {
    const { status, stdout, stderr } = spawnSync('promtool', ['check', ...args], { encoding: 'utf8', input });
    assert.equal(status, 0, `${stdout}${stderr}`);
    return stdout;
  };
  check(['metrics'], await print());
  writeFileSync(join(folder, 'rules.yml'), await print('--rules'));
  assert.match(check(['rules', join(folder, 'rules.yml')]), /11 rules found/);
  writeFileSync(join(folder, 'prometheus.yml'), `${await print('--scrape-config')}rule_files: [rules.yml]\n`);
  check(['config', join(folder, 'prometheus.yml')]);
});

test('the dashboard for Grafana asks only for what is there, and promtool can read each query', {
  skip: noPromtool,
}, async t => {
  const print = async (...options: string[]) =>
    (await runPlimsoll(['metrics', ...options], { engine })).stdout;
  const { panels } = JSON.parse(await print('--grafana')) as {
    panels: { title: string; gridPos: { x: number; w: number }; targets: { expr: string }[] }[];
  };
  const known = new Set([...(await print()).matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
  const queries = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  assert.ok(queries.length >= 15);
  for (const query of queries)
    for (const [name] of query.matchAll(/plimsoll_\w+/g)) assert.ok(known.has(name), `${name} is not given`);
  for (const { title, gridPos } of panels) assert.ok(gridPos.x + gridPos.w <= 24, title);
  const rules = queries.map((query, i) => `      - { record: 'a:${i}', expr: ${JSON.stringify(query)} }`);
  const file = join(folderOf(t), 'rules.yml');
  writeFileSync(file, `groups:\n  - name: queries\n    rules:\n${rules.join('\n')}\n`);
  const { status, stderr } = spawnSync('promtool', ['check', 'rules', file], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
});

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-metrics-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}
